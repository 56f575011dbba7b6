import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { thumbprint } from './ingest/key-set.ts'
import { readNewOrganization } from './new-organization.ts'

const wanted = { id: 'org-1', issuer: 'https://api.slashid.com', name: 'Prod', jwks: null }

describe('a new organization', () => {
  test.each([
    ['https://api.slashid.com/', 'https://api.slashid.com'],
    ['HTTPS://API.slashid.com:443', 'https://api.slashid.com'],
    ['https://api.example/base//', 'https://api.example/base'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('has its issuer %s in one form', (issuer, expected) => {
    expect(readNewOrganization({ ...wanted, issuer })).toMatchObject({ kind: 'read', organization: { issuer: expected, pinned: null } })
  })

  test.each([
    'http://api.slashid.com',
    'http://localhost:1',
    'http://127.0.0.1.evil.example',
    'https://user:password@api.slashid.com',
    'https://api.slashid.com/?a=1',
    'https://api.slashid.com/#a',
    'file:///etc/passwd',
    'slashid',
    '',
    `https://api.slashid.com/${'x'.repeat(2_048)}`,
  ])('is refused with the issuer %s', (issuer) => {
    expect(readNewOrganization({ ...wanted, issuer })).toMatchObject({ kind: 'refused', detail: expect.stringContaining('https') })
  })

  test.each(['', 'a b', 'ü', 'a\r\nX-Evil: 1', 'x'.repeat(129)])('is refused with the id %j', (id) => {
    expect(readNewOrganization({ ...wanted, id })).toMatchObject({ kind: 'refused', detail: expect.stringContaining('id') })
  })

  test.each(['', '  ', 'a\u202eb', 'a\nb', 'x'.repeat(101)])('is refused with the name %j', (name) => {
    expect(readNewOrganization({ ...wanted, name })).toMatchObject({ kind: 'refused', detail: expect.stringContaining('name') })
  })

  test('has the keys of its set pinned under their thumbprints, and those left out named', () => {
    const { x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as { x: string; y: string }
    const jwk = { kid: 'one', kty: 'EC', crv: 'P-256', x, y } as const
    const jwks = JSON.stringify({ keys: [jwk, { kid: 'rsa', kty: 'RSA', n: 'AQAB', e: 'AQAB' }] })
    const read = readNewOrganization({ ...wanted, jwks })
    expect(read).toMatchObject({ kind: 'read', organization: { demo: false, pinned: [{ kid: 'one', thumbprint: thumbprint(jwk), jwk }] } })
    expect(read.kind === 'read' && read.left.join()).toContain('rsa')
  })

  test('is refused with a set that has no key to pin', () => {
    expect(readNewOrganization({ ...wanted, jwks: '{"keys":[]}' }).kind).toBe('refused')
  })
})
