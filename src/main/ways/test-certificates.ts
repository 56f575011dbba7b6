import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

export type TestAuthority = {
  /** For whoever is to believe it. */
  readonly ca: string
  /** A key and a certificate for a name, valid from a day before to a day after `at`. */
  issue(name: string, at?: number): { readonly key: string; readonly cert: string }
}

const dayMs = 86_400_000

/** A certificate authority for one test run: nothing of it is kept, so nothing of it expires in a repository. */
export function createTestAuthority(called = 'Tocsin test authority'): TestAuthority {
  const authority = newKey()
  const root = certificate({
    subject: called,
    issuer: called,
    key: authority,
    signer: authority,
    at: Date.now(),
    san: null,
  })
  return {
    ca: root,
    issue(name, at = Date.now()) {
      const key = newKey()
      return { key: pem(key), cert: certificate({ subject: name, issuer: called, key, signer: authority, at, san: name }) }
    },
  }
}

/** A certificate that nobody but itself vouches for. */
export function selfSigned(name: string): { readonly key: string; readonly cert: string } {
  const key = newKey()
  return { key: pem(key), cert: certificate({ subject: name, issuer: name, key, signer: key, at: Date.now(), san: name }) }
}

type Pair = { readonly privateKey: KeyObject; readonly publicDer: Buffer }

function newKey(): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  })
  return { privateKey: createPrivateKey(privateKey), publicDer: publicKey }
}

function pem({ privateKey }: Pair): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

const ecdsaWithSha256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'))

/** X.509 version 3, in as few fields as a verifier asks for. An authority is one without a name of its own. */
function certificate(of: {
  readonly subject: string
  readonly issuer: string
  readonly key: Pair
  readonly signer: Pair
  readonly at: number
  readonly san: string | null
}): string {
  const extension =
    of.san === null
      ? sequence(Buffer.from('0603551d130101ff', 'hex'), tlv(0x04, sequence(Buffer.from('0101ff', 'hex'))))
      : sequence(Buffer.from('0603551d11', 'hex'), tlv(0x04, sequence(tlv(0x82, Buffer.from(of.san)))))
  const body = sequence(
    tlv(0xa0, Buffer.from('020102', 'hex')),
    tlv(0x02, Buffer.from([1, ...crypto.getRandomValues(new Uint8Array(8))])),
    ecdsaWithSha256,
    name(of.issuer),
    sequence(time(of.at - dayMs), time(of.at + dayMs)),
    name(of.subject),
    of.key.publicDer,
    tlv(0xa3, sequence(extension)),
  )
  const signature = tlv(0x03, Buffer.from([0]), sign('sha256', body, of.signer.privateKey))
  const der = sequence(body, ecdsaWithSha256, signature).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${der.match(/.{1,64}/g)?.join('\n') ?? ''}\n-----END CERTIFICATE-----\n`
}

function name(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(Buffer.from('0603550403', 'hex'), tlv(0x0c, Buffer.from(commonName)))))
}

function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')
  return tlv(0x17, Buffer.from(digits.slice(2)))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, ...parts)
}

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
