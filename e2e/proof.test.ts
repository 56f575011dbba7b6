import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import type { Bundle } from '../src/main/export/bundle.ts'
import { detections, killHard, launchApp, listening, root, spawnApp, startApp, temporaryProfile, tocsin } from './support/app.ts'
import { believedSender } from './support/sender.ts'

const python = '/usr/bin/python3'
const hasPython = spawnSync(python, ['-c', 'import jwt, cryptography']).status === 0

function verifyInPython(file: string): { readonly status: number | null; readonly stdout: string } {
  return spawnSync(python, [join(root, 'resources/evidence/verify.py'), file], { encoding: 'utf8' })
}

async function quit(child: ReturnType<typeof spawnApp>): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}

const banner = (page: Page) => page.getByRole('alert')

test('evidence saved from the window is verified by separate processes, and what somebody changed is named for what it is', async () => {
  const profile = temporaryProfile()
  const file = join(profile.path, '..', 'bundle.json')
  const app = await startApp(profile.path)
  try {
    await tocsin(profile.path, 'simulate', '--count', '60', '--seed', 'evidence')
    const resolved = (await detections(profile.path)).find(({ status }) => status === 'resolved')
    if (resolved === undefined) throw new Error('nothing was resolved')
    // The dialog is the desktop's own: here the test is the user who chooses.
    await app.electron.evaluate(({ dialog }, path) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: path })
    }, file)
    await app.electron.evaluate(
      ({ BrowserWindow }, key) => BrowserWindow.getAllWindows()[0]?.webContents.send('tocsin:push', 'detection:chosen', key),
      {
        organizationId: resolved.organizationId,
        id: resolved.id,
      },
    )
    const pane = app.page.getByRole('complementary', { name: 'Detection' })
    await expect(pane.getByRole('heading', { name: 'Proof' })).toBeVisible()
    await expect(pane.getByText(/to resolve/)).toBeVisible()
    await pane.getByRole('button', { name: 'Save evidence…' }).click()
    await expect(app.page.getByText('Evidence saved')).toBeVisible()
    expect(statSync(file).mode & 0o777).toBe(0o600)
  } finally {
    await app.electron.close()
  }

  try {
    const sound = await tocsin(join(profile.path, 'no-such-profile'), 'verify', '--bundle', file)
    expect(sound).toMatchObject({ code: 0, stdout: expect.stringMatching(/^verdict +all holds$/m) })
    if (hasPython) expect(verifyInPython(file)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^0 faults\./m) })
    else console.log('not run: the check in Python needs /usr/bin/python3 with PyJWT (Debian: python3-jwt)')

    const original = readFileSync(file, 'utf8')
    const cases: readonly [string, (bundle: Bundle) => void, string, RegExp][] = [
      [
        'one byte of a token',
        ({ deliveries: [first] }) => {
          if (first?.token) first.token = first.token.replace(/.(?=.{20}$)/, (one) => (one === 'A' ? 'B' : 'A'))
        },
        'its signature is not by the key',
        /its signature: InvalidSignatureError/,
      ],
      [
        'one link',
        ({ chain: [segment] }) => {
          const link = segment?.links.at(-1)
          if (link) link.chainHash = '0'.repeat(64)
        },
        'its link does not follow',
        /^link \d+ was changed/m,
      ],
      [
        'one key swapped',
        (bundle) => {
          const [key] = bundle.keys
          if (key) key.jwk = { ...key.jwk, ...anotherKey }
        },
        'its signature is not by the key',
        /its signature: InvalidSignatureError/,
      ],
    ]
    for (const [what, change, words, inPython] of cases) {
      const bundle = JSON.parse(original) as Bundle
      change(bundle)
      writeFileSync(file, JSON.stringify(bundle))
      const found = await tocsin(profile.path, 'verify', '--bundle', file)
      expect(found.code, what).toBe(1)
      expect(found.stderr, what).toContain(words)
      if (hasPython) expect(verifyInPython(file), what).toMatchObject({ status: 1, stdout: expect.stringMatching(inPython) })
    }
  } finally {
    profile.remove()
  }
})

/** A point of P-256 that signed nothing here: the example of RFC 7515, A.3. */
const anotherKey = { x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' }

test('after kill -9 right after an answer all holds; an older copy of the history is said in numbers, and the app goes on', async () => {
  const profile = temporaryProfile()
  const history = join(profile.path, 'history.sqlite')
  const older = join(profile.path, '..', 'older.sqlite')
  try {
    const first = spawnApp(profile.path)
    await listening(profile.path, first.pid)
    await quit(first)
    copyFileSync(history, older)

    const second = spawnApp(profile.path)
    const sender = await believedSender(profile.path, await listening(profile.path, second.pid), 'proof')
    const [token = ''] = sender.tokens(1)
    expect((await sender.send(token)).kind).toBe('acknowledged')
    await killHard(second)
    // Before the mark could follow: what came last is there, and nobody is alarmed.
    expect(await tocsin(profile.path, 'verify')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^verdict +all holds /m) })
    const third = await startApp(profile.path)
    await expect(third.page.getByText('listening').first()).toBeVisible()
    await expect(banner(third.page)).toHaveCount(0)
    await third.electron.close()

    copyFileSync(older, history)
    for (const log of ['-wal', '-shm']) rmSync(`${history}${log}`, { force: true })
    const fourth = await launchApp(profile.path)
    await expect(banner(fourth.page)).toContainText(/deliveries are missing from the history/)
    await listening(profile.path, fourth.electron.process().pid)
    const again = await tocsin(profile.path, 'simulate', '--count', '3')
    expect(again, 'it starts and receives all the same').toMatchObject({ code: 0 })
    await fourth.electron.close()
    const verified = await tocsin(profile.path, 'verify')
    expect(verified.code, 'and the loss stays on record').toBe(1)
    expect(verified.stdout).toMatch(/^losses on record +1 +lost/m)
  } finally {
    profile.remove()
  }
})
