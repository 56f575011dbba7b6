/** The fields of the search language: what main reads, and what the page completes and explains. */
export type SearchField = {
  /** As it stands before the colon. */
  readonly name: string
  /** Other names that are read the same. */
  readonly aliases: readonly string[]
  /** In one sentence, for people. */
  readonly sentence: string
  /** What is known to fit, whatever the history holds. */
  readonly values: readonly string[]
}

/** Characters that a search may have. */
export const longestSearch = 1_000

/** Why a text is too long for a search, in words for people, and which of its characters are too many; null where it is not. */
export function searchTooLong(text: string): { readonly at: number; readonly length: number; readonly detail: string } | null {
  if (text.length <= longestSearch) return null
  const [most, has] = [longestSearch, text.length].map((count) => count.toLocaleString('en'))
  return {
    at: longestSearch,
    length: text.length - longestSearch,
    detail: `A search may have ${most} characters; this one has ${has}. Shorten it: a value may end in *, such as type:Missing*.`,
  }
}

const times = ['today', 'yesterday', '24h', '7d', '30d'] as const

/** In the order in which people are told of them. */
export const searchFields = [
  field('id', 'The id that SlashID gave the detection.'),
  field('kind', 'A threat is an attack; posture is a misconfiguration.', { values: ['threat', 'posture'] }),
  field('type', 'What was detected, such as MissingMFA.'),
  field('status', 'What SlashID says of it now.', { values: ['detected', 'ongoing', 'resolved'] }),
  field('trust', 'How far the delivery can be believed.', { values: ['verified', 'late', 'unsigned'] }),
  field('source', 'The kind of system it was seen in, such as okta_org.', { aliases: ['source_type'] }),
  field('entity', 'The id of whom or what it is about.', { aliases: ['entity_id'] }),
  field('entity_type', 'What kind of entity it is about, such as okta_user.'),
  field('connection', 'The id of the connection that SlashID saw it through.', { aliases: ['connection_id'] }),
  field('organization', 'The id of the organization it belongs to.', { aliases: ['org', 'organization_id'] }),
  field('tracking', 'The tag that your team gave it at SlashID.', { aliases: ['tracking_status'], values: ['new', 'done'] }),
  field('triage', 'What you have made of it.', { values: ['new', 'acknowledged', 'done'] }),
  field('verdict', 'What you found it to be.', { values: ['true-positive', 'false-positive', 'expected'] }),
  field('tactic', 'What an attacker is after, in the words of ATT&CK.', { aliases: ['tactics'] }),
  field('technique', 'How an attacker goes about it, such as T1110 of ATT&CK.', { aliases: ['techniques'] }),
  field('framework', 'A rule book that the issue matters to, such as a CIS benchmark.', { aliases: ['frameworks'] }),
  field('label', 'A label of yours.', { aliases: ['labels'] }),
  field('confidence', 'How likely it is true, from 0 to 1: confidence>=0.8.', { aliases: ['confidence_score'] }),
  field('after', 'Detected at this time or later.', { aliases: ['since'], values: times }),
  field('before', 'Detected earlier than this time.', { aliases: ['until'], values: times }),
  field('last', 'Detected no longer ago than this.', { values: ['1h', '24h', '7d', '30d', '12w'] }),
  field('detected', 'When it was detected: a day, a month, or more and less than a time.', { aliases: ['timestamp'], values: times }),
  field('changed', 'When SlashID changed it last.', { values: times }),
  field('received', 'When its newest delivery arrived here.', { values: times }),
  field('resolved', 'When it was resolved.', { values: times }),
  field('is', 'What it is at the moment, such as unread or open.', {
    values: [
      ...['unread', 'open', 'demo', 'imported', 'snoozed', 'suppressed', 'threat', 'posture', 'detected'],
      ...['ongoing', 'resolved', 'verified', 'late', 'unsigned', 'new', 'acknowledged', 'done'],
    ],
  }),
  field('has', 'What there is of it, such as a note.', {
    values: ['note', 'label', 'verdict', 'confidence', 'entity', 'connection', 'tactic', 'technique', 'framework', 'metadata'],
  }),
  field('metadata.NAME', 'A value that its source gave, by its name there: metadata.ip:10.0.*'),
] as const satisfies readonly SearchField[]

/** Of a field as it may be typed: by any of its names, in capitals or not; null where there is none. */
export function searchFieldOf(typed: string): SearchField | null {
  const name = typed.toLowerCase()
  return searchFields.find((one: SearchField) => one.name === name || one.aliases.includes(name)) ?? null
}

function field<Name extends string>(
  name: Name,
  sentence: string,
  more: { readonly aliases?: readonly string[]; readonly values?: readonly string[] } = {},
): SearchField & { readonly name: Name } {
  return { name, sentence, aliases: more.aliases ?? [], values: more.values ?? [] }
}
