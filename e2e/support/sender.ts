import { createHash } from 'node:crypto'
import { loadDemoSigner } from '../../src/main/sample/demo.ts'
import { scenario } from '../../src/main/sample/scenario.ts'
import { createAgent, send } from '../../src/main/sample/send.ts'
import { tocsin } from './app.ts'

export type Sent =
  | { readonly kind: 'acknowledged'; readonly status: 200 }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'no-answer'; readonly status: null }

export type Sender = {
  /** Fresh tokens, each a delivery of its own. */
  tokens(count: number): string[]
  send(token: string): Promise<Sent>
  /** What names a delivery in the history: SHA-256 of its signing input, hex. */
  identity(token: string): string
}

export type DemoSender = {
  tokens(count: number, seed: string): string[]
  send(url: string, token: string): Promise<Sent>
  identity(token: string): string
}

/** A sender that the running app believes, by way of the simulator's demo organization. */
export async function believedSender(profile: string, url: string, seed: string): Promise<Sender> {
  const introduced = await tocsin(profile, 'simulate', '--count', '1', '--seed', seed)
  if (introduced.code !== 0) throw new Error(`simulate failed: ${introduced.stdout}${introduced.stderr}`)
  const sender = demoSender(profile)
  let batch = 0
  return {
    tokens: (count) => sender.tokens(count, `${seed}-${batch++}`),
    send: (token) => sender.send(url, token),
    identity: sender.identity,
  }
}

/** Signs as the demo organization of a profile does, which an app believes once it has sent a sample. */
export function demoSender(profile: string): DemoSender {
  const signer = loadDemoSigner(profile)
  const agent = createAgent(64)
  return {
    tokens: (count, seed) => [...scenario({ seed, count, startAt: Date.now() })].map(({ claims }) => signer.sign(claims)),
    async send(url, token) {
      const answer = await send(url, token, agent)
      if (answer.kind === 'no-answer') return { kind: 'no-answer', status: null }
      return answer.status === 200 ? { kind: 'acknowledged', status: 200 } : { kind: 'refused', status: answer.status }
    },
    identity: (token) =>
      createHash('sha256')
        .update(token.slice(0, token.lastIndexOf('.')))
        .digest('hex'),
  }
}
