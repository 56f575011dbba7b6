import { isIP } from 'node:net'
import { InvalidArgumentError } from 'commander'
import { parseUrl } from '../shared/parse-url.ts'

export type Listen = { readonly host: string; readonly port: number }

/** `[HOST:]PORT`, where HOST is an address of this machine; loopback without one. */
export function listenAddress(text: string): Listen {
  const match = /^(?:(?<host>[0-9.]+|\[[0-9a-fA-F:.]+\]|localhost):)?(?<port>\d{1,5})$/.exec(text)
  const port = Number(match?.groups?.['port'] ?? NaN)
  const given = match?.groups?.['host'] ?? '127.0.0.1'
  const host = given === 'localhost' ? '127.0.0.1' : given.replace(/^\[|\]$/g, '')
  if (!(port <= 65_535) || isIP(host) === 0) {
    throw new InvalidArgumentError('It must be PORT or ADDRESS:PORT, such as 8080, 0.0.0.0:8080 or [::]:8080.')
  }
  return { host, port }
}

/** The host that SlashID posts to, with its port where that is not 443. */
export function publicName(text: string): string {
  const url = parseUrl(`https://${text}`)
  if (url === null || url.host !== text.toLowerCase() || isIP(url.hostname) !== 0 || !url.hostname.includes('.')) {
    throw new InvalidArgumentError('It must be the name that SlashID posts to, such as hooks.example.com, without https:// and path.')
  }
  return url.host
}

export function natsUrl(text: string): string {
  const url = parseUrl(text)
  if (url === null || !['nats:', 'tls:'].includes(url.protocol) || url.hostname === '') {
    throw new InvalidArgumentError('It must look like tls://nats.example.com:4222; nats:// without TLS is for this machine only.')
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError(
      'Credentials have no place in it, where everyone on this machine can read them: name a file or a variable.',
    )
  }
  return `${url.protocol}//${url.host}`
}

export function streamName(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) throw new InvalidArgumentError('It must have 1 to 64 letters, digits, _ and -.')
  return text
}

export function subjectName(text: string): string {
  if (text.length > 128 || !/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(text)) {
    throw new InvalidArgumentError('It must be words of letters, digits, _ and - with dots between them, without wildcards.')
  }
  return text
}
