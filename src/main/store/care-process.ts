/**
 * Judges, copies and mends histories in a process of its own: `care-process quick|full FILE`, `care-process copy FILE COPY` and
 * `care-process mend COPY INDEX…`. Reading gigabytes makes nobody wait there, a file so damaged that it brings SQLite down takes no receiver
 * with it, and it may be ended at any moment.
 */
import { copyHistory, mendCopy } from './backup.ts'
import type { CareLine } from './care-line.ts'
import { openHistoryFile } from './history-file.ts'
import type { HistoryFile } from './history-file.ts'
import { searchIndexes } from './search-damage.ts'

const [, , task, file = '', ...more] = process.argv
const mostFindings = 100
const lingerMs = 30_000

function say(line: CareLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/**
 * Whoever asked ends this process once it has read the line. One that ended by itself would take the line along: Electron drops what it has
 * not read yet of a process that is gone. By itself it goes only where nobody is left to end it.
 */
function sayLast(line: CareLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`, () => setTimeout(() => process.exit(), lingerMs))
}

async function work(): Promise<CareLine> {
  if (task === 'mend') {
    const indexes = searchIndexes.filter((index) => more.includes(index))
    mendCopy(file, indexes)
    return { kind: 'mended' }
  }
  if (task === 'copy') {
    const { head, bytes } = await copyHistory(file, more[0] ?? '', (done, of) => say({ kind: 'part', done, of }))
    return { kind: 'copied', head, bytes }
  }
  const opened = openHistoryFile(file)
  if (opened.kind === 'unreadable') return { kind: 'damaged', findings: [opened.detail], head: null }
  const { history } = opened
  try {
    const head = history.head()
    say({ kind: 'head', head })
    const findings = task === 'full' ? history.fullCheck() : quickly(history)
    return findings.length > 0 ? { kind: 'damaged', findings: findings.slice(0, mostFindings), head } : { kind: 'sound', head }
  } finally {
    history.close()
  }
}

function quickly(history: HistoryFile): readonly string[] {
  const tables = [...history.tables(), ...history.textIndexes()]
  return tables.flatMap((table, index) => {
    const found = history.quickCheck(table)
    say({ kind: 'part', done: index + 1, of: tables.length })
    return found
  })
}

// Nobody is left to hear of it: a copy that nobody waits for would fill the disk for nothing.
process.stdout.on('error', () => process.exit(1))
work().then(sayLast, (error: Error & { readonly code?: string }) => {
  const { code = '', message } = error
  const isDamage = (task === 'quick' || task === 'full') && /^SQLITE_(CORRUPT|NOTADB|ERROR)/.test(code)
  sayLast(isDamage ? { kind: 'damaged', findings: [message], head: null } : { kind: 'failed', code, detail: message })
})
