import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { HookId } from '../../shared/hooks.ts'
import type { RuleDraft } from '../../shared/rules.ts'
import { startTestCore } from '../core-test-support.ts'
import { signer } from '../proof/evidence-test-support.ts'
import { issuer, pinned, tokenWith } from '../ingest/test-support.ts'
import { prepareProfile } from '../profile.ts'
import { send } from '../sample/send.ts'
import { receiver } from './test-support.ts'

async function start() {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-hooks-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const profile = join(folder, 'profile')
  prepareProfile(profile)
  const logged: string[] = []
  const core = await startTestCore({
    profile,
    log: { info: (text) => logged.push(text), error: (text, error) => logged.push(`${text} ${String(error)}`) },
  })
  onTestFinished(core.stop)
  await core.addOrganization({ id: pinned, issuer, name: 'Pinned', jwks: JSON.stringify({ keys: [signer.publicKey] }) })
  const speaking = core.speaking.start({
    notifier: { show: () => Promise.resolve({ kind: 'shown', nativeId: 1, service: null }), isInhibited: () => false },
    timelineFocused: () => false,
  })
  onTestFinished(speaking.stop)
  return { core, logged }
}

test('whoever takes for ever to answer, or never does, keeps no delivery waiting', { timeout: 60_000 }, async () => {
  const { core, logged } = await start()
  const hanging = await receiver(() => 'hang')
  const saved = core.hooks.save({ id: null, name: 'SIEM', url: hanging.url, format: 'detection', isOn: true, secret: null })
  if (saved.kind !== 'saved') throw new Error(saved.detail)
  const hookId = saved.hooks[0]?.id as HookId
  const rule: RuleDraft = {
    id: null,
    name: 'All',
    query: '',
    action: 'digest',
    hours: null,
    expiresAt: null,
    hasSound: false,
    hookId,
    isOn: true,
  }
  let made = 0
  const acknowledged = async (count: number): Promise<number> => {
    const times: number[] = []
    for (let one = 0; one < count; one += 1) {
      const iat = Math.floor(Date.now() / 1_000)
      const token = tokenWith(signer, {
        iat,
        exp: iat + 300,
        jti: `j-${(made += 1)}`,
        trigger_content: { id: `d-${made}`, type: 'MissingMFA', status: 'ongoing' },
      })
      const answer = await send(core.receiverUrl()!, token)
      if (answer.kind !== 'answered' || answer.status !== 200) throw new Error(JSON.stringify(answer))
      times.push(answer.afterMs)
    }
    return times.sort((a, b) => a - b)[Math.floor(count / 2)]!
  }
  expect(core.rules.save(rule)).toMatchObject({ kind: 'saved' })
  const withHook = await acknowledged(60)
  await hanging.has(1)
  const meanwhile = await acknowledged(60)
  await vi.waitFor(() => expect(core.hooks.list()[0]?.state.waiting).toBe(120), { timeout: 20_000 })
  // The hook takes ten seconds to answer nothing: an acknowledgement that waited for it would take as long.
  for (const median of [withHook, meanwhile]) expect(median).toBeLessThan(1_000)
  expect(logged.join('\n')).not.toContain(saved.secret)
  expect(await core.hooks.remove(hookId)).toMatchObject({ kind: 'saved', hooks: [] })
  expect(core.rules.list().rules[0]?.hookId).toBeNull()
})
