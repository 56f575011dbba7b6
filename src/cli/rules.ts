import type { DryRunSide, Hours, Rule, RuleAction, Rules } from '../shared/rules.ts'
import type { Said } from '../shared/inbox.ts'
import { readRules } from '../main/rules/read-rules.ts'
import { tryRules } from '../main/rules/dry-run.ts'
import type { Store } from '../main/store/store.ts'
import { fail, openToRead, type Context, type ExitCode } from './context.ts'
import { failAt } from './query.ts'
import { table, visible, visibleJson } from './visible.ts'

export type TryOptions = { readonly query: string; readonly action: RuleAction; readonly json: boolean }

/** `rules`: what decides when Tocsin speaks. It is changed in the app only. */
export function listRules(context: Context, { json }: { readonly json: boolean }): Promise<ExitCode> {
  return reading(context, async (store) => {
    const rules = readRules(store.rules.read(), context.now())
    if (json) {
      await context.write(`${visibleJson(rules)}\n`)
      return 0
    }
    if (rules.rules.length === 0)
      context.say('No rules of yours. The defaults hold: urgent for threats of 0.80 and more, quiet for what is resolved.')
    else await context.write(table(columns, rules.rules.map(toCells(rules, context.now()))))
    for (const { detail } of rules.broken) context.say(detail)
    const holding = rules.suppressions.filter(({ liftedAt, expiresAt }) => liftedAt === null && Date.parse(expiresAt) > context.now())
    for (const { query, reason, expiresAt } of holding) context.say(`Suppressed until ${expiresAt}: ${query} (${reason})`)
    for (const { of, until } of rules.mutes)
      context.say(
        `Muted ${until === null ? 'until it is taken away' : `until ${until}`}: ${of.kind === 'all' ? 'everything' : `${of.field} ${of.value}`}`,
      )
    return 0
  })
}

/** `rules try`: what one more rule, behind those that are saved, would have said. Writes nothing. */
export function tryRule(context: Context, { query, action, json }: TryOptions): Promise<ExitCode> {
  return reading(context, async (store) => {
    const { rules } = readRules(store.rules.read(), context.now())
    const draft = { id: null, name: 'This rule', query, action, hours: null, expiresAt: null, hasSound: false, hookId: null, isOn: true }
    const steps = tryRules(store, { rules: [...rules, draft], about: rules.length, now: context.now() })
    let step = steps.next()
    while (step.done !== true) step = steps.next()
    const run = step.value
    if (run.kind === 'refused') return run.at === null ? fail(context, run.detail, 2) : failAt(context, query, { ...run, at: run.at })
    if (json) {
      await context.write(`${visibleJson(run)}\n`)
      return 0
    }
    const { days, looked, matched, matchesEverything, changed, isWhole } = run
    if (looked === 0) return fail(context, 'Nothing came in the last 30 days, so there is nothing to try it on.', 0)
    await context.write(
      table(dayColumns, [
        ...days.map((day) => [day.day, ...sideCells(day.now), ...sideCells(day.then)]),
        ['all', ...sideCells(run.now), ...sideCells(run.then)],
      ]),
    )
    await context.write(
      `\nIt finds ${matched} of ${looked} changes, and ${changed === 0 ? 'nothing would have been told otherwise' : `${changed} would have been told otherwise`}.\n`,
    )
    for (const { at, type, entityId, now, then } of run.examples.slice(0, 5))
      await context.write(
        `  ${at}  ${visible(type)}${entityId === null ? '' : ` of ${visible(entityId)}`}: ${words(then)}, not ${words(now)}\n`,
      )
    if (matchesEverything) context.say('It finds everything: no rule behind it, and no default, would decide anything.')
    if (!isWhole)
      context.say(`The history holds more of these days than was looked at: these are the newest, back to ${days[0]?.day ?? 'today'}.`)
    return 0
  })
}

async function reading(context: Context, work: (store: Store) => Promise<ExitCode>): Promise<ExitCode> {
  const opened = openToRead(context)
  if (opened.kind === 'missing') return fail(context, 'No rules yet: Tocsin has not run on this profile. Start it with npm start.', 0)
  if (opened.kind !== 'opened') return fail(context, opened.detail)
  try {
    return await work(opened.store)
  } finally {
    opened.store.close()
  }
}

const columns = [
  { title: '#', most: 4 },
  { title: 'NAME', most: 40 },
  { title: 'ACTION', most: 8 },
  { title: 'QUERY', most: 80 },
  { title: 'HOURS', most: 40 },
  { title: 'UNTIL', most: 24 },
  { title: 'STATE', most: 8 },
]
const dayColumns = [
  { title: 'DAY', most: 10 },
  ...['NOW: URGENT', 'NOTIFY', 'QUIET', 'NOTES', 'THEN: URGENT', 'NOTIFY', 'QUIET', 'NOTES'].map((title) => ({ title, most: 12 })),
]

function toCells({ broken }: Rules, now: number) {
  return ({ id, name, action, query, hours, expiresAt, isOn }: Rule, index: number): readonly string[] => {
    const isOver = expiresAt !== null && Date.parse(expiresAt) <= now
    const state = broken.some((one) => one.id === id) ? 'broken' : !isOn ? 'off' : isOver ? 'over' : 'on'
    return [
      String(index + 1),
      name,
      action,
      query === '' ? '(everything)' : query,
      hours === null ? 'always' : hoursOf(hours),
      expiresAt ?? '-',
      state,
    ]
  }
}

function hoursOf({ days, from, to }: Hours): string {
  const names = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
  const clock = (minute: number) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
  return `${days.map((day) => names[day - 1]).join(' ')} ${clock(from)}-${clock(to)}`
}

function sideCells({ urgent, notify, quiet, notifications }: DryRunSide): readonly string[] {
  return [urgent, notify, quiet.reduce((sum, { count }) => sum + count, 0), notifications].map(String)
}

function words(said: Said): string {
  if (said.kind === 'quiet') return `quiet (${said.because})`
  return said.urgency === 'urgent' ? 'urgent' : 'notified'
}
