import { z } from 'zod'
import type { OrganizationId } from '../../shared/detection.ts'
import type { InletSetUp, TunnelSetUp } from '../../shared/inlets.ts'
import { kindOf } from '../../shared/inlets.ts'
import { leastBytes, leastDays, mostBytes, mostDays, type RetentionChoice } from '../../shared/care.ts'
import { kinds } from '../../shared/detection.ts'
import { weekdays } from '../../shared/rules.ts'
import { columnNames, defaultSettings, densities, mostRecent, notificationContents } from '../../shared/settings.ts'
import type { Settings } from '../../shared/settings.ts'
import type { Database } from './database.ts'

/** Where the window was. Null coordinates leave the place to the desktop. */
export type WindowBounds = {
  readonly x: number | null
  readonly y: number | null
  readonly width: number
  readonly height: number
  readonly isMaximized: boolean
}

/** What the app remembers for itself. Null, or none, before it is first written. */
export type AppValues = {
  readonly receiverPort: number | null
  readonly pathSecret: string | null
  readonly windowBounds: WindowBounds | null
  /** SHA-256 in hex of values of the secret header that the receiver accepts besides those of registered webhooks, the newest first. */
  readonly secretHeaderHashes: readonly string[]
  /** The same three of the unsigned way in: its port, its path and its header, of which there is one value at a time. */
  readonly unsignedPort: number | null
  readonly unsignedPathSecret: string | null
  readonly unsignedHeaderHash: string | null
  /** Until when the user has seen what happened, and up to which delivery, where that is known. */
  readonly lastLook: { readonly at: number; readonly sequence: number | null } | null
}

export type SettingsStore = {
  /** A value that is missing or damaged reads as its default; the others are not touched by that. */
  read(): Settings
  /** In one commit; answers all of them as they are from now on. */
  write(changes: Partial<Settings>): Settings
  readApp(): AppValues
  writeApp(changes: Partial<AppValues>): AppValues
}

const text = z.string().min(1).max(4_096)
const inletBase = {
  id: z.custom<InletSetUp['id']>((id) => typeof id === 'string' && kindOf(id) !== null),
  name: text,
  isOn: z.boolean(),
  address: text.nullable(),
}
const login = z.union([
  z.object({ kind: z.enum(['none', 'token', 'nkey', 'creds']) }),
  z.object({ kind: z.literal('password'), user: text }),
]) as z.ZodType<Extract<InletSetUp, { kind: 'jetstream' }>['login']>
const inlet: z.ZodType<InletSetUp> = z
  .discriminatedUnion('kind', [
    z.object({ ...inletBase, kind: z.literal('relay'), url: text }),
    z.object({ ...inletBase, kind: z.literal('jetstream'), url: text, stream: text, consumer: text, login, caFile: text.nullable() }),
    z.object({ ...inletBase, kind: z.literal('gosmee'), url: text, isProtected: z.boolean() }),
    z.object({ ...inletBase, kind: z.literal('smee'), url: text }),
  ])
  .refine(({ id, kind }) => kindOf(id) === kind)
/** One that is damaged takes no other with it. */
const inlets = z
  .array(z.unknown())
  .transform((all) => all.map((one) => inlet.safeParse(one)).flatMap((one) => (one.success ? [one.data] : [])))

const tunnel: z.ZodType<TunnelSetUp> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('cloudflared') }),
  z.object({ kind: z.literal('ngrok'), domain: text.nullable() }),
  z.object({ kind: z.literal('tailscale') }),
  z.object({ kind: z.literal('ssh'), destination: text, remotePort: z.int().min(1).max(65_535), origin: text }),
  z.object({ kind: z.literal('command'), command: z.array(z.string()).min(1), origin: text.nullable() }),
])

const retention: z.ZodType<RetentionChoice> = z
  .object({
    olderThanDays: z.int().min(leastDays).max(mostDays).nullable(),
    kinds: z.array(z.enum(kinds)).min(1).max(kinds.length).nullable(),
    maxBytes: z.int().min(leastBytes).max(mostBytes).nullable(),
    keepsNew: z.boolean(),
  })
  .refine(({ olderThanDays, maxBytes }) => olderThanDays !== null || maxBytes !== null)

/** After midnight; 1440 is the next one. */
const minute = z.int().min(0).max(1_440)

const settingsSchema = {
  theme: z.enum(['system', 'dark', 'light']),
  notify: z.boolean(),
  quietHours: z.object({ days: z.array(z.literal(weekdays)).min(1).max(weekdays.length), from: minute, to: minute }).nullable(),
  notificationContent: z.enum(notificationContents),
  startAtLogin: z.boolean().nullable(),
  density: z.enum(densities),
  // One that a newer Tocsin has is left out; the others stay in their order.
  columns: z.array(z.string()).transform((chosen) => columnNames.filter((name) => chosen.includes(name))),
  recentSearches: z.array(z.string().max(1_000)).transform((searches) => searches.slice(0, mostRecent)),
  publicOrigin: z.url({ protocol: /^https$/ }).nullable(),
  requireSecretHeader: z.boolean(),
  unsignedInlet: z.object({ organizationId: z.string().transform((id) => id as OrganizationId) }).nullable(),
  inlets,
  tunnel: tunnel.nullable(),
  // One that is damaged reads as none: nothing goes that nobody chose.
  retention: retention.nullable(),
} satisfies Schema<Settings>

const whole = z.int()
const port = z.int().min(1).max(65_535)
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const appSchema = {
  receiverPort: port.nullable(),
  pathSecret: z.string().min(1).nullable(),
  windowBounds: z
    .object({ x: whole.nullable(), y: whole.nullable(), width: whole.positive(), height: whole.positive(), isMaximized: z.boolean() })
    .nullable(),
  secretHeaderHashes: z.array(hash).max(4),
  unsignedPort: port.nullable(),
  unsignedPathSecret: z.string().min(1).nullable(),
  unsignedHeaderHash: hash.nullable(),
  lastLook: z.object({ at: whole.nonnegative(), sequence: whole.nonnegative().nullable() }).nullable(),
} satisfies Schema<AppValues>

const noAppValues: AppValues = {
  receiverPort: null,
  pathSecret: null,
  windowBounds: null,
  secretHeaderHashes: [],
  unsignedPort: null,
  unsignedPathSecret: null,
  unsignedHeaderHash: null,
  lastLook: null,
}

type Schema<T> = { readonly [K in keyof T]: z.ZodType<T[K]> }

export function createSettings(db: Database): SettingsStore {
  const get = db.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck()
  const put = db.prepare<[string, string]>(
    'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  )
  const putAll = db.transaction((group: string, changes: object) => {
    for (const [name, value] of Object.entries(changes)) if (value !== undefined) put.run(`${group}.${name}`, JSON.stringify(value))
  })

  return {
    read: readSettings,
    write(changes) {
      putAll.immediate('settings', changes)
      return readSettings()
    },
    readApp,
    writeApp(changes) {
      putAll.immediate('app', changes)
      return readApp()
    },
  }

  function readSettings(): Settings {
    return readGroup('settings', settingsSchema, defaultSettings)
  }

  function readApp(): AppValues {
    return readGroup('app', appSchema, noAppValues)
  }

  function readGroup<T extends object>(group: string, schema: Schema<T>, defaults: T): T {
    const names = Object.keys(defaults) as (keyof T & string)[]
    return Object.fromEntries(names.map((name) => [name, readOne(`${group}.${name}`, schema[name], defaults[name])])) as T
  }

  function readOne<V>(key: string, schema: z.ZodType<V>, fallback: V): V {
    const parsed = schema.safeParse(parseJson(get.get(key)))
    return parsed.success ? parsed.data : fallback
  }
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
