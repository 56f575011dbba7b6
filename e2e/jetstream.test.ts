import { expect, test } from '@playwright/test'
import { send } from '../src/main/sample/send.ts'
import { startAllowedApp, startApp, temporaryProfile } from './support/app.ts'
import { storedSigningHashes } from './support/history.ts'
import { startTeamStream } from './support/nats.ts'
import { demoSender } from './support/sender.ts'

test('what the ingress took while the app was closed comes from the stream once, and the way in passes its test', async () => {
  const profile = temporaryProfile()
  const stream = await startTeamStream()
  try {
    const first = await startAllowedApp(profile.path)
    const { page } = first
    await page.getByRole('button', { name: 'Begin the guide' }).click()
    await page.getByRole('button', { name: /^NATS JetStream/ }).click()
    const form = page.getByRole('form', { name: 'NATS JetStream: set-up' })
    await form.getByLabel('Address of the server').fill(stream.url)
    await form.getByLabel('How the server knows you').selectOption('none')
    await form.getByLabel(/^Target URL/).fill(stream.address)
    await form.getByRole('button', { name: 'Save and go on' }).click()
    await page.getByRole('button', { name: 'Go on later' }).click()
    const way = page.getByRole('listitem', { name: 'NATS JetStream' })
    await expect(way.getByText('listening', { exact: true })).toBeVisible()
    await way.getByRole('button', { name: 'Test NATS JetStream' }).click()
    await expect(way.getByText(/^The sample arrived whole/)).toBeVisible()
    await expect(way.getByRole('list', { name: /^Steps of the test/ }).getByText(/^passed/)).toHaveCount(6)
    await first.electron.close()

    const sender = demoSender(profile.path)
    const tokens = sender.tokens(40, 'closed')
    for (const token of tokens) expect(await send(stream.address, token)).toMatchObject({ kind: 'answered', status: 200 })
    // A sender that heard nothing tries again: the stream keeps one of them.
    expect(await send(stream.address, tokens[0] ?? '')).toMatchObject({ status: 200 })
    // A shorter time in which nothing was missed is no gap.
    await new Promise((resolve) => setTimeout(resolve, 2_000))

    const again = await startApp(profile.path)
    await again.page.getByRole('link', { name: 'Connections' }).click()
    const stillThere = again.page.getByRole('listitem', { name: 'NATS JetStream' })
    await expect(stillThere.getByText(/^Tocsin was closed .*· backlog of 40 came in$/)).toBeVisible()
    await expect(again.page.getByRole('button', { name: 'Health: listening', exact: true })).toBeVisible()
    const stored = storedSigningHashes(profile.path)
    expect(new Set(stored).size, 'none twice').toBe(stored.length)
    expect(tokens.map(sender.identity).filter((identity) => !stored.includes(identity))).toEqual([])
    expect(stored.length, 'and the sample of the test').toBe(41)
    await again.electron.close()
  } finally {
    await stream.stop()
    profile.remove()
  }
})
