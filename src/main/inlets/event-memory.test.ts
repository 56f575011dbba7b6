import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventOf, flood, startEventServer } from './test-event-server.ts'
import { until } from './test-support.ts'

const megabyte = 1_000_000
/** What a hostile server sends, as much as is taken of 60 MB: what comes first, and what comes over and over. */
const floods = {
  'a line without end': ['data: ', Buffer.alloc(megabyte, 'A')],
  'lines without an event': ['', Buffer.from('data: x\n'.repeat(megabyte / 8))],
  comments: ['', Buffer.from(': xxxxx\n'.repeat(megabyte / 8))],
  'what is no delivery': ['', Buffer.from(`data: {"x":"${'y'.repeat(985)}"}\n\n`.repeat(1000))],
  'deliveries faster than they are kept': ['', Buffer.from(eventOf('d'.repeat(186_000), '1-0').repeat(4))],
} satisfies Record<string, readonly [string, Buffer]>

describe('memory', () => {
  it.each(Object.entries(floods))(
    'held under a flood is little, and the process stays within 64 MiB above rest: %s',
    async (_, flooding) => {
      expect(await memoryAboveRest('held', flooding)).toBeLessThan(16 * 1024 * 1024)
      expect(await memoryAboveRest('taken', flooding)).toBeLessThan(64 * 1024 * 1024)
    },
    60_000,
  )
})

async function memoryAboveRest(measure: 'held' | 'taken', [first, again]: readonly [string, Buffer]): Promise<number> {
  const server = await startEventServer({ format: 'gosmee' })
  const program = fileURLToPath(new URL('test-event-memory.ts', import.meta.url))
  // Collecting garbage in threads of its own would make this a measure of how busy the machine is.
  const flags = ['--expose-gc', '--single-threaded-gc']
  const child = spawn(process.execPath, [...flags, program, server.url, measure], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const closed = once(child, 'close')
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  await until(() => text.startsWith('live') && server.subscribers() === 1)
  const response = server.only()
  response.write(first)
  const sent = await flood(response, again, 60)
  response.write(eventOf('done', '9-0'))
  await closed
  expect(sent).toBeGreaterThan(24)
  return (JSON.parse(text.slice(5)) as { aboveRest: number }).aboveRest
}
