import { createReceiver } from '../main/inlets/receiver.ts'
import { pathOf } from '../main/inlets/admission.ts'
import { subjectOf } from '../main/inlets/jetstream-set-up.ts'
import type { Context, ExitCode } from './context.ts'
import type { Listen } from './ingress-options.ts'
import { createPublisher } from './ingress-publisher.ts'
import { createTally } from './ingress-tally.ts'
import { credentialsOf, pathSecret, type LoginOptions } from './ingress-secrets.ts'

export type IngressOptions = LoginOptions & {
  readonly listen: Listen
  readonly nats: string
  readonly secretFile?: string
  readonly host?: string
  readonly stream: string
  readonly subject?: string
  readonly caFile?: string
}

/** `ingress`: the always-on half. It takes what SlashID posts and answers 200 once a JetStream stream has it. Ends at SIGTERM or SIGINT. */
export async function ingress({ write, say, now }: Pick<Context, 'write' | 'say' | 'now'>, options: IngressOptions): Promise<ExitCode> {
  const { listen, host, stream } = options
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
  if (!isLoopback(listen.host) && host === undefined) {
    say(
      'To listen beyond this machine, name the host that SlashID posts to with --host: requests for any other are turned away. Nothing listens.',
    )
    return 2
  }
  const credentials = credentialsOf(options, process.env)
  if (typeof credentials === 'string') {
    say(`${credentials} Nothing listens.`)
    return 2
  }
  const made = pathSecret(options.secretFile)
  if (made.kind === 'refused') {
    say(made.detail)
    return 1
  }
  const { secret, notes } = made
  const tally = createTally({
    say,
    schedule(task, afterMs) {
      const timer = setTimeout(task, afterMs)
      return () => clearTimeout(timer)
    },
  })
  const publisher = createPublisher({
    url: options.nats,
    caFile: options.caFile ?? null,
    credentials,
    stream,
    subject: options.subject ?? subjectOf(stream),
    say,
    now,
  })
  const receiver = createReceiver({
    ...listen,
    secret,
    publicHosts: () => (host === undefined ? [] : [host]),
    async ingest(delivery) {
      const outcome = await publisher.publish(delivery)
      if (outcome.kind === 'refused') tally.add(outcome.because)
      return outcome
    },
    whyUnhealthy: publisher.whyUnhealthy,
    onTurnedAway: tally.add,
    onBug: (error) => say(`A request could not be answered: ${error instanceof Error ? error.message : String(error)}`),
    now,
  })
  const started = await receiver.start()
  if (started.kind !== 'listening') {
    say(started.detail)
    return 1
  }
  publisher.start()
  await write(`${host === undefined ? `http://${addressOf(listen.host)}:${started.port}` : `https://${host}`}${pathOf(secret)}\n`)
  if (host !== undefined) say(`Listening on ${addressOf(listen.host)}:${started.port}; ${host} has to lead here.`)
  for (const note of notes) say(note)
  await stopped
  say('Stopping: what is on its way is answered first.')
  await receiver.stop()
  await publisher.stop()
  tally.stop()
  return 0
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^127\./.test(host)
}

function addressOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
