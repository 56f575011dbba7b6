import type { JsonObject } from '../../shared/detection.ts'
import type { Observation } from '../../shared/drift.ts'
import type { Examined } from './check.ts'
import type { Checked, Content, Delivery, TokenFacts } from './delivery.ts'

export type Examiners = {
  readonly check: (delivery: Delivery) => Promise<Examined>
  readonly parse: (claims: JsonObject, facts: TokenFacts) => Content
  readonly observe: (header: JsonObject, claims: JsonObject, content: Content) => readonly Observation[]
}

/** Checks a delivery and reads what it carries: all that has to be known of it before it is kept. */
export async function examine(delivery: Delivery, { check, parse, observe }: Examiners): Promise<Checked> {
  const { token, decision } = await check(delivery)
  const facts = token?.facts ?? null
  if (decision.kind !== 'trusted') return { delivery, token: facts, standing: decision }
  if (token === null) throw new Error('a delivery was trusted without a token')
  const content = parse(token.claims, token.facts)
  // A template of the user's own says nothing of what SlashID has changed.
  const drift = decision.trust === 'unsigned' ? [] : observe(token.header, token.claims, content)
  return { delivery, token: token.facts, standing: { ...decision, content }, drift }
}
