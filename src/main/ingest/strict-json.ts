import type { JsonObject } from '../../shared/detection.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** JSON.parse takes any depth, but what writes, clones or shows a value later recurses: deeper than this is refused at the door. */
const maxDepth = 64

/**
 * Reads bytes as one JSON object in valid UTF-8 whose own members have different names, or null.
 * Names may repeat further down: only the members we judge by must not have two readings.
 */
export function readJsonObject(bytes: Uint8Array): JsonObject | null {
  let text: string
  let value: unknown
  try {
    text = utf8.decode(bytes)
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const shape = measure(text)
  // JSON.parse keeps one of two members with the same name, escaped or not: then the text has more of them than the object.
  if (shape.members !== Object.keys(value).length || shape.depth > maxDepth) return null
  return value as JsonObject
}

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const brackets = { open: [0x5b, 0x7b], close: [0x5d, 0x7d] } as const

/** Counts the members of the outermost object and the deepest nesting, in text that is known to be valid JSON. */
function measure(text: string): { readonly members: number; readonly depth: number } {
  let members = 0
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === backslash) at++
      else if (code === quote) inString = false
    } else if (code === quote) inString = true
    else if (code === colon) members += depth === 1 ? 1 : 0
    else if (code === brackets.open[0] || code === brackets.open[1]) deepest = Math.max(deepest, ++depth)
    else if (code === brackets.close[0] || code === brackets.close[1]) depth--
  }
  return { members, depth: deepest }
}
