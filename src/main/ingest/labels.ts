import type { Json, JsonObject } from '../../shared/detection.ts'

/** Names read out of a value, and whether they are all that the value said. */
export type Labels = { readonly labels: readonly string[]; readonly isAll: boolean }

const none: Labels = { labels: [], isAll: true }
const unreadable: Labels = { labels: [], isAll: false }
const maxLabels = 64
const maxLabelLength = 256

/** MITRE tactics and techniques: one or several, by name or id, as text, comma-separated text, objects, or arrays of these. */
export function readTechniques(value: Json): Labels {
  return bounded(read(value, (text) => text.split(','), unreadable))
}

/** Compliance frameworks: the same, but a comma belongs to the name, and an object may have the frameworks as its member names. */
export function readFrameworks(value: Json): Labels {
  const names = isObject(value) && ownName(value) === null ? { labels: Object.keys(value), isAll: false } : unreadable
  return bounded(read(value, (text) => [text], names))
}

/** `otherwise` is what an object without a name of its own gives. */
function read(value: Json, split: (text: string) => readonly string[], otherwise: Labels): Labels {
  if (value === null) return none
  if (typeof value === 'string') return { labels: split(value), isAll: true }
  if (isArray(value)) return join(value.map((item) => (item === null || isArray(item) ? unreadable : read(item, split, unreadable))))
  if (!isObject(value)) return unreadable
  const name = ownName(value)
  return name === null ? otherwise : { labels: [name], isAll: Object.keys(value).length === 1 }
}

/** The id before the name: it is what the matrices are keyed by. */
function ownName(value: JsonObject): string | null {
  for (const member of ['id', 'name']) {
    const name = Object.hasOwn(value, member) ? value[member] : undefined
    if (typeof name === 'string' && name.trim() !== '') return name
  }
  return null
}

/** Every label once, trimmed; what is too long or too many is left out and no longer "all". */
function bounded({ labels, isAll }: Labels): Labels {
  const trimmed = [...new Set(labels.map((label) => label.trim()).filter((label) => label !== ''))]
  const kept = trimmed.filter((label) => label.length <= maxLabelLength).slice(0, maxLabels)
  return { labels: kept, isAll: isAll && kept.length === trimmed.length }
}

function join(parts: readonly Labels[]): Labels {
  return { labels: parts.flatMap((part) => part.labels), isAll: parts.every((part) => part.isAll) }
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
