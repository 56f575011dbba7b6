import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, verify, type KeyObject } from 'node:crypto'
import { linkSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { JsonObject, OrganizationId } from '../../shared/detection.ts'
import type { Organization, PublicKey } from '../../shared/organization.ts'

/** The organization that simulated detections belong to. Its issuer is a name that can never resolve, so nothing real can claim to be it. */
export const demoOrganization = {
  id: 'tocsin-demo-organization' as OrganizationId,
  issuer: 'https://demo.tocsin.invalid',
  name: 'Demo organization',
  colour: 'grey',
  keys: 'pinned',
  demo: true,
} as const satisfies Omit<Organization, 'addedAt'>

/** Stands for SlashID: it signs as SlashID does, with a key pair of its own. */
export type DemoSigner = {
  readonly publicKey: PublicKey
  /** The public key as a JWK set, as `org add --jwks` would read it. */
  readonly jwks: { readonly keys: readonly [PublicKey] }
  /** The compact token. Its header is exactly `alg` and `kid`, as SlashID's. */
  sign(claims: JsonObject): string
}

/** The demo key pair of a profile: made at first use, and made anew where its file is damaged. Every process that asks gets the same. */
export function loadDemoSigner(profile: string): DemoSigner {
  const file = join(profile, 'demo-key.json')
  // Another process may make or mend the file at the same moment: whoever was first has made the key for both.
  for (let attempt = 0; attempt < 3; attempt++) {
    const key = readKey(file)
    if (key) return createSigner(key)
    createKeyFile(file)
  }
  throw new Error(`the demo key ${file} can be neither read nor replaced`)
}

const PrivateJwk = z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), d: z.string() })

function readKey(file: string): KeyObject | null {
  const text = readSmallFile(file)
  if (text === null) return null
  try {
    const key = createPrivateKey({ key: PrivateJwk.parse(JSON.parse(text)), format: 'jwk' })
    // A file whose halves do not belong together would sign what nobody can check.
    const proof = Buffer.from('proof')
    return verify('sha256', proof, createPublicKey(key), sign('sha256', proof, key)) ? key : null
  } catch {
    return null
  }
}

/** A whole key appears under the name or none: a reader never sees half of one. */
function createKeyFile(file: string): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  writeFileSync(temporary, JSON.stringify(privateKey.export({ format: 'jwk' })), { mode: 0o600, flag: 'wx' })
  try {
    const isDamaged = lstatSync(file, { throwIfNoEntry: false }) !== undefined
    if (isDamaged) renameSync(temporary, file)
    else linkSync(temporary, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(temporary, { force: true })
  }
}

function readSmallFile(file: string): string | null {
  const stats = lstatSync(file, { throwIfNoEntry: false })
  return stats?.isFile() && stats.size <= 4096 ? readFileSync(file, 'utf8') : null
}

function createSigner(privateKey: KeyObject): DemoSigner {
  const { x, y } = createPublicKey(privateKey).export({ format: 'jwk' }) as { x: string; y: string }
  const thumbprint = createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url')
  const publicKey: PublicKey = { kid: `demo-${thumbprint.slice(0, 8)}`, kty: 'EC', crv: 'P-256', x, y }
  const header = encode({ alg: 'ES256', kid: publicKey.kid })
  return {
    publicKey,
    jwks: { keys: [publicKey] },
    sign(claims) {
      const input = `${header}.${encode(claims)}`
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      return `${input}.${signature.toString('base64url')}`
    },
  }
}

function encode(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
