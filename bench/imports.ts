import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { demoOrganizationWith } from '../src/main/new-organization.ts'
import { removeHistory } from './bulk.ts'
import { checkedOf, claimsOf, issuedAt } from './deliveries.ts'
import { compareAll, within } from './figure.ts'
import { openHistory } from './histories.ts'
import type { Benchmark } from './index.ts'
import { inProcess } from './measured-process.ts'
import { openPlain } from './plain.ts'
import { keyOf, verifyOne } from './receiving.ts'

const smaller = 20_000
const million = 1_000_000

/** P4: a file of raw tokens into a new history, each checked again. */
export const imports: Benchmark = {
  id: 'P4',
  async run({ rows, histories }) {
    // Of ten million it would take hours, and its target is of one.
    const count = Math.min(rows ?? smaller, million)
    const { signer, folder } = histories
    const key = keyOf(signer)
    const file = join(folder, 'tokens.txt')
    const out = createWriteStream(file)
    const tokens: string[] = []
    for (let number = 0; number < count; number++) {
      const token = signer.sign(claimsOf(number, issuedAt(number, count)))
      // The peer takes a part of a large one: all of them would be the memory of a large machine.
      if (number < smaller) tokens.push(token)
      if (!out.write(`${token}\n`)) await once(out, 'drain')
    }
    out.end()
    await once(out, 'finish')
    const plainFile = join(folder, 'plain-import.sqlite')
    const peaks: number[] = []
    const ours = async () => {
      const profile = mkdtempSync(join(folder, 'import-'))
      const store = openHistory(profile)
      store.organizations.add(demoOrganizationWith(signer.publicKey))
      store.close()
      const { ms, peakBytes } = await inProcess({ task: 'import', profile, files: [file] })
      peaks.push(peakBytes / 2 ** 20)
      rmSync(profile, { recursive: true })
      return (count * 1000) / ms
    }
    const theirs = () => {
      removeHistory(plainFile)
      const plain = openPlain(plainFile)
      const prepared = plain.prepare(tokens.map((token) => checkedOf(token, Date.now())))
      const startedAt = performance.now()
      for (const token of tokens) verifyOne(token, key)
      plain.commit(prepared)
      const ms = performance.now() - startedAt
      plain.close()
      return Promise.resolve((tokens.length * 1000) / ms)
    }
    const isWhole = count >= million
    const size = isWhole ? '' : `; of ${count}, since 1M would take longer than all others together: --rows 1000000`
    const figures = await compareAll(
      ours,
      [
        {
          id: 'P4',
          measured: `import of ${count} raw tokens, each checked again, rows a second`,
          peer: 'bare verify + the same rows in one transaction',
          theirs,
          bound: { kind: 'at-least', ratio: 0.8 },
          note: (mine, other) =>
            `${mine.toFixed(0)} /s beside ${other.toFixed(0)} /s${isWhole ? `, peer over the first ${smaller}` : ''}${size}; in commits of up to 500, each durable, with chain, counts and drift, where the peer has one`,
        },
      ],
      { rounds: isWhole ? 3 : 5, warmUp: false },
    )
    removeHistory(plainFile)
    rmSync(file)
    const memory = within({
      id: 'P4',
      measured: `peak RSS of an import of ${count}`,
      limit: 250,
      unit: 'MB',
      values: peaks,
      note: size.slice(2),
      missed:
        'what the collector of Node leaves lying: 255 to 280 MB, and about 200 with the young generation held as it is while it imports',
    })
    return [...figures, memory]
  },
}
