import { describe, expect, test } from 'vitest'
import { base64url, createSigner, tokenOf, tokenWith } from './test-support.ts'
import { readUntrusted } from './untrusted.ts'

const read = (body: string | Uint8Array) => readUntrusted(Buffer.from(body))

describe('what is shown of a body that nobody believes', () => {
  test('is the header and the claims of a token', () => {
    expect(read(tokenWith(createSigner('k1'), { jti: 'j-1' }))).toMatchObject({
      kind: 'token',
      header: { alg: 'ES256', kid: 'k1' },
      claims: { jti: 'j-1' },
    })
  })

  test('is the header of a token that is refused for it', () => {
    expect(read(tokenOf(createSigner('k1'), '{"alg":"none","jku":"https://evil.example"}', '[]'))).toEqual({
      kind: 'token',
      header: { alg: 'none', jku: 'https://evil.example' },
      claims: null,
    })
  })

  test.each([
    ['JSON', '{"hello":"world"}'],
    ['an empty body', ''],
    ['three parts that hold nothing', 'a.b.c'],
    ['four parts', `${base64url('{}')}.${base64url('{}')}.c.d`],
  ])('is the text of %s', (_what, body) => {
    expect(read(body)).toEqual({ kind: 'text', preview: body, left: 0 })
  })

  test('is a bounded beginning of anything long, never half a character', () => {
    expect(read('x'.repeat(3_000))).toEqual({ kind: 'text', preview: 'x'.repeat(1_024), left: 1_976 })
    expect(read(`x${'é'.repeat(1_000)}`)).toEqual({ kind: 'text', preview: `x${'é'.repeat(511)}`, left: 978 })
  })

  test('is the bytes where they are not text', () => {
    expect(read(Buffer.from([0xff, 0x00, 0x1b]))).toEqual({ kind: 'hex', preview: 'ff 00 1b', left: 0 })
    expect(read(Buffer.alloc(3_000, 0xff))).toMatchObject({ kind: 'hex', left: 1_976 })
  })
})
