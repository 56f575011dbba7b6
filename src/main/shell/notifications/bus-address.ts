import { connect, type Socket } from 'node:net'
import { join } from 'node:path'

/**
 * A socket to the session bus; null where the address names none that can be reached from here. `runtimeFolder` is where the bus is found that
 * nobody gave an address for. Of several addresses the first that is understood counts.
 */
export function connectToBus(address: string | undefined, runtimeFolder: string | undefined): Socket | null {
  const where = pathsIn(address ?? 'unix:runtime=yes', runtimeFolder)[0]
  return where === undefined ? null : connect(where)
}

/** Paths of sockets, as `net.connect` takes them: one in Linux's abstract names begins with a zero byte. */
export function pathsIn(address: string, runtimeFolder: string | undefined): readonly string[] {
  return address.split(';').flatMap((one) => {
    const [family, rest] = splitAt(one, ':')
    if (family !== 'unix') return []
    const values = new Map(rest.split(',').map((pair) => splitAt(pair, '=')))
    const path = unescape(values.get('path'))
    if (path !== null) return [path]
    const name = unescape(values.get('abstract'))
    if (name !== null) return [`\0${name}`]
    return values.get('runtime') === 'yes' && runtimeFolder !== undefined && runtimeFolder !== '' ? [join(runtimeFolder, 'bus')] : []
  })
}

function splitAt(text: string, by: string): readonly [string, string] {
  const at = text.indexOf(by)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** null for what is missing, empty, or would end the name early. */
function unescape(text: string | undefined): string | null {
  if (text === undefined) return null
  try {
    const plain = decodeURIComponent(text)
    return plain === '' || plain.includes('\0') ? null : plain
  } catch {
    return null
  }
}
