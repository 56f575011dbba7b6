import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Random } from '../../src/main/sample/random.ts'
import type { DiskEvent } from './trace.ts'

/** What may be on a disk when its power fails: what was synced, and of the rest any part. */
export type Disk = {
  /** Takes events over in order. */
  play(event: DiskEvent, index: number): void
  /** Puts files in place as the disk could hold them now. */
  writeTo(folder: string, random: Random): void
}

type Change = { readonly index: number } & (
  { readonly kind: 'write'; readonly at: number; readonly bytes: Buffer } | { readonly kind: 'resize'; readonly size: number }
)

/** A file apart from its name, which is the folder's to remember. */
type Body = { safe: Buffer; pending: Change[]; end: number }

/** A name given, or taken away. */
type Naming = { readonly index: number; readonly names: readonly (readonly [path: string, body: Body | null])[] }

type Sync = Extract<DiskEvent, { kind: 'synced' }>

const sector = 512

/** `random` decides what becomes of writes that a failed sync has given up: the kernel never tries them again. */
export function createDisk(folder: string, random: Random): Disk {
  const now = new Map<string, Body>()
  const safeNames = new Map<string, Body>()
  let namings: Naming[] = []

  function name(index: number, ...names: Naming['names']): void {
    for (const [path, body] of names) give(now, path, body)
    namings.push({ index, names })
  }

  function play(event: DiskEvent, index: number): void {
    if (event.kind === 'said' || event.kind === 'failed' || event.kind === 'writer-locked') return
    if (event.kind === 'created') return name(index, [event.path, { safe: Buffer.alloc(0), pending: [], end: 0 }])
    if (event.kind === 'synced' && event.path === folder) return syncNames(event)
    const body = now.get(event.path)
    // A folder in the folder, which is none of ours.
    if (body === undefined) return
    switch (event.kind) {
      case 'opened': {
        body.end = 0
        if (event.isEmptied) body.pending.push({ index, kind: 'resize', size: 0 })
        return
      }
      case 'written': {
        const at = event.at ?? body.end
        if (event.at === null) body.end = at + event.bytes.length
        body.pending.push({ index, kind: 'write', at, bytes: event.bytes })
        return
      }
      case 'resized':
        body.pending.push({ index, kind: 'resize', size: event.size })
        return
      case 'renamed':
        name(index, [event.path, null], [event.to, body])
        return
      case 'removed':
        name(index, [event.path, null])
        return
      case 'synced':
        sync(body, event)
    }
  }

  function syncNames({ since, isOk }: Sync): void {
    if (!isOk) return
    for (const { names } of namings.filter(({ index }) => index < since)) for (const [at, body] of names) give(safeNames, at, body)
    namings = namings.filter(({ index }) => index >= since)
  }

  function sync(body: Body, { since, isOk }: Sync): void {
    const covered = body.pending.filter(({ index }) => index < since)
    body.safe = applied(body.safe, isOk ? covered : survivors(covered, random))
    body.pending = body.pending.filter(({ index }) => index >= since)
  }

  return {
    play,
    writeTo(target, random) {
      rmSync(target, { recursive: true, force: true })
      mkdirSync(target, { recursive: true })
      // Names are kept by a journal, in order. They may be ahead of what the files hold, and behind it.
      const names = new Map(safeNames)
      for (const naming of namings.slice(0, random.between(0, namings.length)))
        for (const [path, body] of naming.names) give(names, path, body)
      for (const [path, body] of names) {
        if (dirname(path) === folder) writeFileSync(join(target, basename(path)), applied(body.safe, survivors(body.pending, random)))
      }
    },
  }
}

function give(names: Map<string, Body>, path: string, body: Body | null): void {
  if (body === null) names.delete(path)
  else names.set(path, body)
}

/** What a disk without power has made of writes that were never synced: all, none, the first ones with the last one torn, or any. */
function survivors(changes: readonly Change[], random: Random): readonly Change[] {
  switch (random.pick<'all' | 'none' | 'first' | 'any'>(['all', 'none', 'first', 'any'])) {
    case 'all':
      return changes
    case 'none':
      return []
    case 'first': {
      const whole = random.between(0, changes.length)
      const last = changes[whole]
      return [...changes.slice(0, whole), ...(last === undefined ? [] : torn(last, random))]
    }
    case 'any':
      return changes.flatMap((change) => (random.chance(0.4) ? [change] : random.chance(0.5) ? torn(change, random) : []))
  }
}

/** Some of its sectors. */
function torn(change: Change, random: Random): readonly Change[] {
  if (change.kind === 'resize') return random.chance(0.5) ? [change] : []
  const parts: Change[] = []
  const end = change.at + change.bytes.length
  for (let from = change.at; from < end;) {
    const to = Math.min(end, (Math.floor(from / sector) + 1) * sector)
    if (random.chance(0.5)) parts.push({ ...change, at: from, bytes: change.bytes.subarray(from - change.at, to - change.at) })
    from = to
  }
  return parts
}

function applied(safe: Buffer, changes: readonly Change[]): Buffer {
  if (changes.length === 0) return safe
  let size = safe.length
  let room = size
  for (const change of changes) room = Math.max(room, change.kind === 'write' ? change.at + change.bytes.length : change.size)
  const bytes = Buffer.alloc(room)
  safe.copy(bytes)
  for (const change of changes) {
    if (change.kind === 'write') {
      change.bytes.copy(bytes, change.at)
      size = Math.max(size, change.at + change.bytes.length)
    } else {
      if (change.size < size) bytes.fill(0, change.size, size)
      size = change.size
    }
  }
  return Buffer.from(bytes.subarray(0, size))
}
