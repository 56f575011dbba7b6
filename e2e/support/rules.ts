import type { Page } from '@playwright/test'
import type { Instant } from '../../src/shared/detection.ts'
import type { RuleDraft } from '../../src/shared/rules.ts'
import { ask } from './desk.ts'

const inDays = (days: number): Instant => new Date(Date.now() + days * 86_400_000).toISOString() as Instant
const plain = { id: null, hours: null, expiresAt: null, hasSound: false, hookId: null, isOn: true } as const

const rules: readonly RuleDraft[] = [
  { ...plain, name: 'Break-glass accounts', query: 'entity:break-glass-*', action: 'urgent', hasSound: true },
  {
    ...plain,
    name: 'MFA at night',
    query: 'type:MissingMFA source:okta_org',
    action: 'digest',
    hours: { days: [1, 2, 3, 4, 5], from: 1_320, to: 420 },
  },
  {
    ...plain,
    name: 'The scanner that runs until the audit is over',
    query: 'entity:ci-deploy OR entity:"a scanner with a very long name of its own"',
    action: 'silence',
    expiresAt: inDays(9),
  },
  { ...plain, name: 'Threats \u202E<b>and</b>\u0007 more', query: 'kind:threat', action: 'notify', isOn: false },
]

/** Rules of every action, what is muted, what is suppressed and what was. */
export async function fillRules(page: Page): Promise<void> {
  for (const rule of rules) await ask(page, 'rule:save', rule)
  await ask(page, 'mute:add', { of: { kind: 'field', field: 'entity', value: `scanner-${'x'.repeat(300)}` }, until: inDays(2) })
  await ask(page, 'mute:add', { of: { kind: 'field', field: 'type', value: 'MislabeledNHI' }, until: null })
  await ask(page, 'suppression:add', {
    query: 'type:MissingMFA source:github_org',
    reason: 'Contractors without SSO: known, ticket SEC-412',
    expiresAt: inDays(30),
  })
  const added = await ask(page, 'suppression:add', { query: 'type:StaleKey', reason: 'Rotated every Friday', expiresAt: inDays(30) })
  if (added.kind === 'saved' && added.id !== null) await ask(page, 'suppression:lift', added.id as never)
}
