import { assertNever } from '../../../shared/assert-never.ts'
import type { TunnelSetUp, TunnelState } from '../../../shared/inlets.ts'
import { soonWords, type StateWords } from './way-words.ts'

export type TunnelChoice = TunnelSetUp['kind'] | 'own'

/** What the user can choose, the quickest first; `own` is one that the user runs. */
export const tunnelChoices: readonly { readonly choice: TunnelChoice; readonly label: string; readonly needs: string }[] = [
  {
    choice: 'cloudflared',
    label: 'cloudflared',
    needs: 'No account needed. Its address changes with every start: SlashID has to be told each time.',
  },
  { choice: 'ngrok', label: 'ngrok', needs: 'A free account with a domain of yours keeps its address.' },
  { choice: 'tailscale', label: 'Tailscale Funnel', needs: 'Tailscale with Funnel allowed for this computer. Its address stays.' },
  { choice: 'ssh', label: 'ssh', needs: 'A host of yours that serves https and forwards to the remote port.' },
  { choice: 'command', label: 'Another command', needs: 'Any program that leads a public https address to the receiver’s port.' },
  { choice: 'own', label: 'One I run myself', needs: 'Run it when and how you like, and enter where it begins.' },
]

/** What the form holds, as it is typed. */
export type TunnelFields = {
  readonly choice: TunnelChoice
  readonly domain: string
  readonly destination: string
  readonly remotePort: string
  readonly origin: string
  /** A word a line: the program, then its arguments. */
  readonly command: string
  readonly publicOrigin: string
}

export function toTunnelFields(setUp: TunnelSetUp | null, publicOrigin: string | null): TunnelFields {
  const empty = { domain: '', destination: '', remotePort: '8080', origin: '', command: '', publicOrigin: publicOrigin ?? '' }
  if (setUp === null) return { ...empty, choice: 'own' }
  switch (setUp.kind) {
    case 'cloudflared':
    case 'tailscale':
      return { ...empty, choice: setUp.kind }
    case 'ngrok':
      return { ...empty, choice: 'ngrok', domain: setUp.domain ?? '' }
    case 'ssh':
      return { ...empty, choice: 'ssh', destination: setUp.destination, remotePort: String(setUp.remotePort), origin: setUp.origin }
    case 'command':
      return { ...empty, choice: 'command', command: setUp.command.join('\n'), origin: setUp.origin ?? '' }
    default:
      return assertNever(setUp)
  }
}

/** What to save; null where the user runs the tunnel. Main says what is wrong with it. */
export function toTunnelSetUp(fields: TunnelFields): TunnelSetUp | null {
  const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim())
  switch (fields.choice) {
    case 'own':
      return null
    case 'cloudflared':
    case 'tailscale':
      return { kind: fields.choice }
    case 'ngrok':
      return { kind: 'ngrok', domain: orNull(fields.domain) }
    case 'ssh':
      return { kind: 'ssh', destination: fields.destination.trim(), remotePort: Number(fields.remotePort), origin: fields.origin.trim() }
    case 'command':
      return {
        kind: 'command',
        command: fields.command
          .split('\n')
          .map((word) => word.trim())
          .filter((word) => word !== ''),
        origin: orNull(fields.origin),
      }
    default:
      return assertNever(fields.choice)
  }
}

/** How the tunnel stands, and what to do where it does not run. */
export function tunnelWords(state: TunnelState, relative: (at: string) => string): StateWords {
  switch (state.kind) {
    case 'off':
      return { icon: 'ring', word: 'Off', detail: 'Tocsin runs none.', isBad: false }
    case 'starting':
      return { icon: 'dashed', word: 'Starting', detail: 'Its public address is not known yet.', isBad: false }
    case 'running':
      return { icon: 'dot', word: 'Running', detail: `It leads ${state.origin} here, for ${relative(state.since)}.`, isBad: false }
    case 'waiting':
      return { icon: 'barred', word: 'Down', detail: `${state.detail} Next try ${soonWords(relative(state.retryAt))}.`, isBad: true }
    case 'missing':
      return { icon: 'alert', word: `${state.program} is missing`, detail: state.detail, isBad: true }
    case 'given-up':
      return { icon: 'alert', word: 'Given up', detail: state.detail, isBad: true }
    default:
      return assertNever(state)
  }
}
