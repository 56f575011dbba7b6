import type { ConnectChoice, ConnectStep } from '../../state/connect.svelte.ts'

export const stepTitles: Readonly<Record<ConnectStep, { readonly short: string; readonly title: string }>> = {
  choose: { short: 'Way in', title: 'How shall SlashID reach this computer?' },
  'set-up': { short: 'Set up', title: 'Set it up' },
  organization: { short: 'Organization', title: 'Whose detections are these?' },
  register: { short: 'SlashID', title: 'Tell SlashID where to send' },
  test: { short: 'Test', title: 'See it arrive' },
}

/** What keeps deliveries while the laptop sleeps: drawn as the middle of the way from SlashID to here. */
export type Keeps = 'all' | 'some' | 'nothing'

export type ChoiceWords = {
  readonly choice: ConnectChoice
  readonly label: string
  /** For whom it is the right one; null for those that are seldom. */
  readonly best: string | null
  readonly keeps: Keeps
  readonly asleep: string
  readonly needs: string
}

/** In the order they are recommended. */
export const choiceWords: readonly ChoiceWords[] = [
  {
    choice: 'relay',
    label: 'Tocsin relay',
    best: 'best for one engineer',
    keeps: 'all',
    asleep: 'everything is kept, for up to 7 days',
    needs: 'a free Cloudflare account, and one command',
  },
  {
    choice: 'jetstream',
    label: 'NATS JetStream',
    best: 'best for a team',
    keeps: 'all',
    asleep: 'everything is kept, as long as your stream keeps it',
    needs: 'a NATS server, and tocsin ingress on a host of yours',
  },
  {
    choice: 'tunnel',
    label: 'A tunnel to this computer',
    best: 'quickest to begin with',
    keeps: 'nothing',
    asleep: 'nothing is kept, and SlashID may not send it again',
    needs: 'cloudflared, ngrok, Tailscale, ssh or the like, here',
  },
  {
    choice: 'gosmee',
    label: 'gosmee',
    best: null,
    keeps: 'some',
    asleep: 'kept where its server has Redis',
    needs: 'a gosmee server',
  },
  {
    choice: 'smee',
    label: 'smee.io',
    best: null,
    keeps: 'nothing',
    asleep: 'nothing is kept',
    needs: 'nothing; development only: may lose events, cannot carry signed bodies',
  },
]

/** What to do outside the app before the fields can be filled in: a sentence, and the command where there is one. */
export const preparations: Readonly<Record<ConnectChoice, { readonly text: string; readonly command: string | null }>> = {
  relay: {
    text: 'In the folder of Tocsin, run this once. It puts a mailbox on Cloudflare and prints what to enter here.',
    command: 'npm run relay:deploy',
  },
  jetstream: {
    text: 'On the host that is always on, run this once behind https. It prints the target URL.',
    command: 'tocsin ingress --listen 8080 --nats tls://nats.example.com:4222 --host hooks.example.com',
  },
  tunnel: {
    text: 'Choose a program that is on this computer: Tocsin runs it, and starts it again when it ends. Or run one yourself.',
    command: null,
  },
  gosmee: { text: 'Take a channel of the server’s: its address ends in the channel’s name.', command: null },
  smee: { text: 'Start a new channel at smee.io, and copy its address.', command: null },
}

/** The custom header that a way in may ask SlashID for; null where it never does. */
export const headerOfKind: Readonly<Record<ConnectChoice, string | null>> = {
  relay:
    'A relay that was deployed with --secret-header takes only what brings its X-Tocsin-Secret, as it was printed: add that custom header by hand.',
  gosmee:
    'A gosmee server with a replay token takes only what brings it: add the custom header Authorization with the value Bearer TOKEN by hand.',
  jetstream: null,
  tunnel: null,
  smee: null,
}
