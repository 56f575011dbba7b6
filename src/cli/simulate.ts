import { randomBytes } from 'node:crypto'
import { demoOrganizationWith } from '../main/new-organization.ts'
import { readConnection } from '../main/profile.ts'
import { demoOrganization, loadDemoSigner, type DemoSigner } from '../main/sample/demo.ts'
import { simulate, type Simulated } from '../main/sample/simulate.ts'
import { change, fail, type Context, type ExitCode } from './context.ts'

export type SimulateOptions = { readonly count: number; readonly rate?: number; readonly seed?: string }

/** A running app looks for new organizations four times a second. */
const patienceMs = 3_000

/** `simulate`: stands for SlashID and sends the running app signed detections of the demo organization. */
export async function simulateDeliveries(context: Context, { count, rate, seed }: SimulateOptions): Promise<ExitCode> {
  const connection = readConnection(context.profile)
  if (connection.kind === 'not-running') {
    return fail(
      context,
      `Tocsin is not running on the profile ${context.profile}, or not listening. Nothing was sent. Start it with npm start, or name its profile with --user-data.`,
    )
  }
  const signer = loadDemoSigner(context.profile)
  const added = addDemoOrganization(context, signer)
  if (added !== 0) return added

  const result = await simulate({
    url: connection.url,
    headers: connection.headers,
    signer,
    count,
    ratePerSecond: rate ?? null,
    seed: seed ?? randomBytes(8).toString('hex'),
    now: context.now,
    patienceMs,
  })
  explain(context, result, count)
  await context.write(`sent ${result.sent}, acknowledged ${result.acknowledged}, refused ${result.refused}\n`)
  return result.acknowledged === count ? 0 : 1
}

function addDemoOrganization(context: Context, signer: DemoSigner): ExitCode {
  return change(context, 'tocsin simulate', (store) => {
    const present = store.organizations.list().find((one) => one.id === demoOrganization.id)
    if (present?.demo && present.keyIds.includes(signer.publicKey.kid)) return 0
    const added = store.organizations.add(demoOrganizationWith(signer.publicKey))
    return added.kind === 'added' ? 0 : fail(context, `${added.detail} Nothing was sent.`)
  })
}

function explain({ say }: Context, { sent, failed, refused, trouble }: Simulated, count: number): void {
  if (failed > 0) say(`${failed} got no answer (${trouble ?? 'no reason given'}); the app may have kept them all the same.`)
  if (refused > 0) say(`${refused} were refused. Connections in the app shows why; 503 means that it cannot write its history.`)
  if (sent < count) say(`Gave up: ${count - sent} were not sent, since nobody answers any more. Is the app still running?`)
}
