import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/**
 * What buttons, menus and links of the page call in the state of the app. Each is a command of the palette, by the file of commands that
 * calls it too, or is of one row or one form among several: the palette has no way to say which.
 */
const ofItsPlace: Readonly<Record<string, string>> = {
  'posture.read': 'tries a failed read again',
  'digest.again': 'tries a failed read again',
  'hooks.read': 'tries a failed read again',
  'rules.read': 'tries a failed read again',
  'ways.read': 'tries a failed read again',
  'quarantine.read': 'tries a failed read again',
  'drift.read': 'tries a failed read again',
  'organizations.read': 'tries a failed read again',
  'entity.read': 'tries a failed read again',
  'entities.read': 'tries a failed read again',
  'inbox.read': 'tries a failed read again',
  'inbox.loadOlder': 'tries a failed read again',
  'attack.ask': 'tries a failed read again',
  'chart.retry': 'tries a failed read again',
  'timeline.retry': 'tries a failed read again',
  'selection.retry': 'tries a failed read again',
  'facets.ask': 'tries a failed read again',
  'entities.all': 'empties the form of its view',
  'hooks.test': 'of one hook',
  'hooks.switch': 'of one hook',
  'hooks.forgetMade': 'puts away what is shown once',
  'unsigned.switch': 'of one organization',
  'registrations.renewHeader': 'of a form',
  'registrations.forgetKey': 'of one organization',
  'ways.test': 'of one way in',
  'ways.switch': 'of one way in',
  'ways.restartTunnel': 'of one way in',
  'connect.back': 'of a form',
  'connect.go': 'of a form',
  'connect.choose': 'of a form',
  'quarantine.toggle': 'of one delivery',
  'quarantine.look': 'of one organization',
  'quarantine.showMore': 'of a list that is further down',
  'care.save': 'of a form',
  'care.apply': 'of a form',
  'rules.lift': 'of one suppression',
  'registrations.look': 'of one organization',
  'registrations.remove': 'of one organization',
  'registrations.repair': 'of one organization',
  'hooks.change': 'of a form',
  'hooks.close': 'of a form',
  'entities.finish': 'of a form',
  'app.copy': 'of one value',
  'navigation.target': 'says where a link leads',
  'rules.dismiss': 'puts away what is said',
  'triage.dismiss': 'puts away what is said',
  'chart.zoom': 'asks the timeline for the range, as the commands do',
  'settings.write': 'as `app.choose`, from an offer that says itself what fails',
  'timeline.follow': 'of the place of the list, as the commands to its ends do',
  'triage.write': 'of one label, or as the commands of one detection do',
  'completion.take': 'of one line that is offered',
  'completion.update': 'of one line that is offered',
  'connect.startOver': 'of a form',
  'notices.dismiss': 'puts away what is said',
  'notices.raise': 'says what came of it',
  'ruleArranger.move': 'of one rule',
  'ruleArranger.remove': 'of one rule',
  'ruleArranger.turn': 'of one rule',
  'ruleEditor.change': 'of a form',
  'ruleEditor.forget': 'of a form',
  'savedViews.remove': 'of one saved view',
  'savedViews.save': 'of one saved view',
}

const here = new URL('..', import.meta.url)
const states =
  'posture|hooks|digest|timeline|triage|marks|chart|selection|evidence|inbox|entity|entities|attack|unsigned|registrations|connect|ways|quarantine|drift|care|rules|ruleArranger|ruleEditor|hushing|tasks|sample|facets|dialogs|navigation|settings|savedViews|notices|health|organizations|cursor|queryCompletion|completion|app'

/** What a function of the component itself does, where a handler is one or calls one: one step, which is as far as handlers go. */
function bodyIn(text: string, handler: string): string {
  const names = [...handler.matchAll(/(?<![.\w])([a-z]\w*)(?=\(|$)/g)].map(([, name]) => name ?? '')
  return names.map((name) => new RegExp(`\\n  (?:async )?function ${name}\\([\\s\\S]*?\\n  \\}\\n`).exec(text)?.[0] ?? '').join('\n')
}

/** Functions of the app that the component has by their own names. */
function ownIn(text: string): readonly string[] {
  const names = /const \{([^}]*)\} = useApp\(\)/.exec(text)?.[1] ?? ''
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !states.split('|').includes(name))
}

/** `state.method` of every handler of a click, and of a change, in the page. */
function handled(): ReadonlySet<string> {
  const files = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.svelte'))
  const found = new Set<string>()
  for (const file of files) {
    const text = readFileSync(new URL(file, here), 'utf8')
    for (const [, handler] of text.matchAll(/\son(?:click|change)=\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}/g)) {
      const done = `${handler ?? ''}\n${bodyIn(text, handler ?? '')}`
      for (const [, call] of done.matchAll(new RegExp(`\\b((?:${states})\\.\\w+)\\(`, 'g'))) if (call) found.add(call)
      for (const name of ownIn(text)) if (new RegExp(`(?<![.\\w])${name}\\(`).test(done)) found.add(`app.${name}`)
    }
  }
  return found
}

function commanded(): ReadonlySet<string> {
  const files = readdirSync(new URL('palette/', here)).filter((name) => name.endsWith('-commands.ts'))
  const text = files.map((name) => readFileSync(new URL(`palette/${name}`, here), 'utf8')).join('\n')
  return new Set([...text.matchAll(new RegExp(`\\b((?:${states})\\.\\w+)\\(`, 'g'))].map(([, call]) => call ?? ''))
}

test('whatever a button does is a command of the palette, or is of its place, which is said here', () => {
  const calls = handled()
  expect(calls.size).toBeGreaterThan(50)
  const commands = commanded()
  expect([...calls].filter((call) => !commands.has(call) && ofItsPlace[call] === undefined).sort()).toEqual([])
})

test('what is said to be of its place is still there, and no command', () => {
  const [calls, commands] = [handled(), commanded()]
  expect(Object.keys(ofItsPlace).filter((call) => !calls.has(call) || commands.has(call))).toEqual([])
})
