import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { holdersOf, lockFile, shareHistory, takeHistory, type Held } from './history-lock.ts'
import { temporaryFile } from './test-support.ts'

const source = fileURLToPath(new URL('./history-lock.ts', import.meta.url))
const notesBeside = (file: string) => readdirSync(dirname(file)).filter((name) => name.startsWith('history.held-'))

/** Another process that holds the lock until it is killed. */
async function elsewhere(file: string, take: 'shareHistory' | 'takeHistory', what: string): Promise<ChildProcess> {
  const program = `import { ${take} } from ${JSON.stringify(source)}
    const held = ${take}(${JSON.stringify(file)}, ${JSON.stringify(what)})
    console.log(held.kind)
    setInterval(() => held.kind, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [said] = (await once(child.stdout!, 'data')) as [Buffer]
  expect(said.toString().trim()).toBe('held')
  return child
}

function held(taken: Held): () => void {
  if (taken.kind === 'refused') throw new Error(taken.detail)
  onTestFinished(taken.release)
  return taken.release
}

test('any number may share it, and then nobody has it alone; who they are is said', async () => {
  const file = temporaryFile()
  const other = await elsewhere(file, 'shareHistory', 'tocsin import')
  const release = held(shareHistory(file, 'the app'))
  expect(holdersOf(file)).toEqual(
    expect.arrayContaining([
      { pid: other.pid, what: 'tocsin import' },
      { pid: process.pid, what: 'the app' },
    ]),
  )
  const refused = takeHistory(file, 'tocsin restore')
  expect(refused).toMatchObject({ kind: 'refused', detail: expect.stringContaining(`tocsin import (process ${other.pid})`) })
  release()
  expect(takeHistory(file, 'tocsin restore').kind).toBe('refused')
  expect(holdersOf(file)).toEqual([{ pid: other.pid, what: 'tocsin import' }])
})

test('who has it alone keeps everybody out until it lets go', async () => {
  const file = temporaryFile()
  const other = await elsewhere(file, 'takeHistory', 'tocsin restore')
  const detail = expect.stringContaining(`tocsin restore (process ${other.pid})`)
  expect(shareHistory(file, 'the app')).toMatchObject({ kind: 'refused', detail })
  expect(takeHistory(file, 'tocsin restore')).toMatchObject({ kind: 'refused', detail })
  other.kill('SIGKILL')
  await once(other, 'exit')
  held(shareHistory(file, 'the app'))
})

test('a process that was killed holds nothing, and what it left is cleared away by the next one', async () => {
  const file = temporaryFile()
  const other = await elsewhere(file, 'shareHistory', 'tocsin import')
  other.kill('SIGKILL')
  await once(other, 'exit')
  expect(holdersOf(file)).toEqual([])
  expect(notesBeside(file)).toHaveLength(1)
  const release = held(takeHistory(file, 'tocsin restore'))
  expect(notesBeside(file).map((name) => name.split('-')[1])).toEqual([`${process.pid}`])
  release()
  expect(notesBeside(file)).toEqual([])
})

test.runIf(process.platform === 'linux')('a note of a process that is gone is not of the one with its number now', () => {
  const file = temporaryFile()
  const release = held(shareHistory(file, 'tocsin import'))
  writeFileSync(
    join(dirname(file), `history.held-${process.ppid}-00000000`),
    JSON.stringify({ what: 'the app', process: 'another run of the computer 1' }),
  )
  expect(holdersOf(file)).toEqual([{ pid: process.pid, what: 'tocsin import' }])
  release()
})

test('it is empty for ever, for its user only, and nothing lies beside it', () => {
  const file = temporaryFile()
  for (const take of [shareHistory, takeHistory]) held(take(file, 'the app'))()
  expect(readdirSync(dirname(file))).toEqual(['history.lock'])
  expect(statSync(lockFile(file))).toMatchObject({ size: 0 })
  expect(statSync(lockFile(file)).mode & 0o777).toBe(0o600)
})

test('what lies in its place keeps nobody from receiving, but a restore runs only where it can tell', () => {
  const file = temporaryFile()
  writeFileSync(lockFile(file), 'something else '.repeat(100))
  expect(shareHistory(file, 'the app').kind).toBe('held')
  expect(takeHistory(file, 'tocsin restore')).toMatchObject({ kind: 'refused', detail: expect.stringContaining('cannot be locked') })
})
