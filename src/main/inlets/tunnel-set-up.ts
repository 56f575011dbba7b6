import { isAbsolute } from 'node:path'
import { assertNever } from '../../shared/assert-never.ts'
import type { TunnelSetUp } from '../../shared/inlets.ts'
import { readOrigin } from './origin.ts'

export type ReadTunnel = { readonly kind: 'read'; readonly setUp: TunnelSetUp } | { readonly kind: 'refused'; readonly detail: string }

const mostArguments = 32
const mostCharacters = 1_024
/** Of a whole command as it is shown: the person who is asked about it has to see all of it. */
const mostShown = 1_000

/** Brings a tunnel as the user typed it into the form that is kept, or says what is wrong with it. */
export function readTunnel(draft: TunnelSetUp): ReadTunnel {
  switch (draft.kind) {
    case 'cloudflared':
    case 'tailscale':
      return { kind: 'read', setUp: { kind: draft.kind } }
    case 'ngrok': {
      const domain = draft.domain?.trim().toLowerCase() ?? ''
      if (domain === '') return { kind: 'read', setUp: { kind: 'ngrok', domain: null } }
      if (domain.length > 253 || !/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(domain)) {
        return refused('The domain of ngrok is a host name only, such as example.ngrok.app, without https:// and without a path.')
      }
      return { kind: 'read', setUp: { kind: 'ngrok', domain } }
    }
    case 'ssh': {
      const destination = draft.destination.trim()
      // Nothing of it may be taken for an option, nor mean anything in a ProxyCommand.
      if (destination.length > 255 || !/^([A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(destination)) {
        return refused(
          'The destination of ssh is a host, or user@host, as you would type it after “ssh”. Options belong into your ssh configuration.',
        )
      }
      if (!Number.isInteger(draft.remotePort) || draft.remotePort < 1 || draft.remotePort > 65_535) {
        return refused('The port on the remote host is a number from 1 to 65535.')
      }
      const origin = readOrigin(draft.origin)
      if (origin.kind === 'refused') return refused(origin.detail)
      return { kind: 'read', setUp: { kind: 'ssh', destination, remotePort: draft.remotePort, origin: origin.origin } }
    }
    case 'command': {
      const [program = '', ...rest] = draft.command
      if (draft.command.length > mostArguments || draft.command.some((one) => one.length > mostCharacters || one.includes('\0'))) {
        return refused(`A command has at most ${mostArguments} parts of at most ${mostCharacters} characters each.`)
      }
      if (program.trim() === '' || program.startsWith('-') || (/[/\\]/.test(program) && !isAbsolute(program))) {
        return refused('A command begins with the name of a program, or with its whole path. It is run as it is, without a shell.')
      }
      const command = [program.trim(), ...rest]
      if (commandText(command).length > mostShown) {
        return refused(
          `A command has at most ${mostShown} characters in all, so that it can be shown whole. Put it into a script, and name that.`,
        )
      }
      if (draft.origin === null || draft.origin.trim() === '') return { kind: 'read', setUp: { kind: 'command', command, origin: null } }
      const origin = readOrigin(draft.origin)
      if (origin.kind === 'refused') return refused(origin.detail)
      return { kind: 'read', setUp: { kind: 'command', command, origin: origin.origin } }
    }
    default:
      return assertNever(draft)
  }
}

/** A command in one line in which nothing hides: what could be mistaken for a blank, or is not seen at all, is written out. */
export function commandText(command: readonly string[]): string {
  const written = (sign: string): string => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`
  return command
    .map((part) => (/^[\w./:@=,{}+-]+$/.test(part) ? part : JSON.stringify(part).replace(/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, written)))
    .join(' ')
}

function refused(detail: string): ReadTunnel {
  return { kind: 'refused', detail: `${detail} Nothing was changed.` }
}
