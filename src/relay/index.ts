import { readerNameForm, readerTokenForm, relayLimits } from '../shared/relay.ts'
import { bearerOf, keptHeaders, readBody } from './request.ts'
import { isSecret, readHash } from './secrets.ts'
import type { Mailbox } from './mailbox.ts'

export { Mailbox } from './mailbox.ts'

/** Hashes only, SHA-256 in hexadecimal: no secret is ever given to the Worker's configuration. */
export type Env = {
  readonly MAILBOX: DurableObjectNamespace<Mailbox>
  readonly MAILBOX_SHA256?: string
  readonly ADMIN_SHA256?: string
  /** Where it is set, posts need the secret header too. */
  readonly SECRET_HEADER_SHA256?: string
  /** To keep fewer, or for a shorter time, than the limits say. */
  readonly KEEP_ENTRIES?: string
  readonly KEEP_SECONDS?: string
}

/** The same header that guards the receiver. */
const secretHeader = 'x-tocsin-secret'

/** The mailbox keeps its place when its address changes, so it is not named by it. */
const mailboxName = 'mailbox'

export default {
  async fetch(request, env) {
    const { pathname, search } = new URL(request.url)
    if (search === '') {
      if (pathname.startsWith('/in/')) return take(request, env, pathname.slice('/in/'.length))
      if (pathname === '/mailbox') return connect(request, env)
      if (pathname === '/readers' || pathname.startsWith('/readers/')) return administer(request, env, pathname.slice('/readers/'.length))
    }
    return refusal(404)
  },
} satisfies ExportedHandler<Env>

/** POST /in/{mailbox secret}: 200 once it is stored. */
async function take(request: Request, env: Env, secret: string): Promise<Response> {
  const isAddress = await isSecret(secret, env.MAILBOX_SHA256)
  const given = request.headers.get(secretHeader) ?? ''
  const hasHeader = env.SECRET_HEADER_SHA256 === undefined || (await isSecret(given, env.SECRET_HEADER_SHA256))
  if (!isAddress || !hasHeader || request.method !== 'POST') return refusal(404)
  const body = await readBody(request, relayLimits.bodyBytes)
  if (body === null) return refusal(413)
  try {
    await mailbox(env).keep({ path: '/in', headers: keptHeaders(request.headers, [secret, given]), body })
    return Response.json({})
  } catch (error) {
    console.error('not kept:', error instanceof Error ? error.message : error)
    return refusal(503)
  }
}

/** GET /mailbox: the websocket of a reader. */
async function connect(request: Request, env: Env): Promise<Response> {
  const token = bearerOf(request)
  const isUpgrade = request.headers.get('upgrade')?.toLowerCase() === 'websocket'
  // What cannot be a token does not wake the mailbox.
  if (request.method !== 'GET' || !isUpgrade || !readerTokenForm.test(token)) return refusal(404)
  const answer = await mailbox(env).fetch(request)
  return answer.status === 101 ? answer : refusal(404)
}

/** GET /readers, PUT /readers/{name} with the hash of a new token, DELETE /readers/{name}: for who deployed the relay. */
async function administer(request: Request, env: Env, name: string): Promise<Response> {
  const token = bearerOf(request)
  if (!(await isSecret(token, env.ADMIN_SHA256))) return refusal(404)
  if (name === '') return request.method === 'GET' ? Response.json(await mailbox(env).readers()) : refusal(405)
  if (!readerNameForm.test(name)) return refusal(400)
  if (request.method === 'DELETE') return (await mailbox(env).revokeReader(name)) ? Response.json({}) : refusal(404)
  if (request.method !== 'PUT') return refusal(405)
  const body = await readBody(request, 64)
  const hash = body === null ? null : readHash(new TextDecoder().decode(body))
  if (hash === null) return refusal(400)
  const added = await mailbox(env).addReader(name, hash)
  return added === 'added' ? Response.json({}) : refusal(added === 'name-taken' ? 409 : 507)
}

function mailbox(env: Env): DurableObjectStub<Mailbox> {
  return env.MAILBOX.get(env.MAILBOX.idFromName(mailboxName))
}

/** One body for all, and one status for everybody who has not shown a secret. */
function refusal(status: number): Response {
  return Response.json({ error: 'refused' }, { status })
}
