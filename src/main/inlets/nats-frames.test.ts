import { expect, test } from 'vitest'
import { createRandom } from '../sample/random.ts'
import { createFrameGuard, mostPayloadBytes } from './nats-frames.ts'

const binary = Buffer.from(Array.from({ length: 600 }, (_, index) => index % 256))
const frames = Buffer.concat([
  Buffer.from('INFO {"max_payload":1048576}\r\nPING\r\n+OK\r\nPONG\r\n'),
  Buffer.from(`MSG inbox.1 7 ${binary.length}\r\n`),
  binary,
  Buffer.from("\r\n-ERR 'Authorization Violation'\r\nMSG a 1 reply 0\r\n\r\nHMSG a 1 reply 12 15\r\nNATS/1.0\r\n\r\nabc\r\n"),
])

test('whole frames come through as they are, however they are cut', () => {
  const random = createRandom('frames')
  for (let round = 0; round < 300; round++) {
    const guard = createFrameGuard()
    const out: Uint8Array[] = []
    for (let at = 0; at < frames.length;) {
      const end = Math.min(frames.length, at + random.between(1, round < 20 ? 1 : 400))
      const passed = guard(frames.subarray(at, end))
      if (passed.kind !== 'passed') throw new Error(passed.what)
      out.push(passed.bytes)
      at = end
    }
    expect(Buffer.concat(out).equals(frames)).toBe(true)
  }
})

test.each([
  ['<html>\r\n', 'not NATS'],
  ['INFO not json\r\n', 'not NATS'],
  ['MSG a 1 x\r\n', 'not NATS'],
  ['HMSG a 1 9 8\r\n', 'not NATS'],
  ['PING\n', 'not NATS'],
  [`MSG a 1 ${mostPayloadBytes + 1}\r\n`, 'far too large'],
  ['MSG a 1 999999999999999\r\n', 'far too large'],
  ['MSG a 1 3\r\nabcdef', 'does not end'],
  [`PING${'x'.repeat(70_000)}`, 'without an end'],
])('%j is no frame, whole or byte by byte', (text, words) => {
  const bytes = Buffer.from(text)
  expect(createFrameGuard()(bytes)).toMatchObject({ kind: 'wrong', what: expect.stringContaining(words) as string })
  if (bytes.length > 1_000) return
  const guard = createFrameGuard()
  const kinds = [...bytes].map((byte) => guard(Uint8Array.of(byte)).kind)
  expect(kinds).toContain('wrong')
})
