import { createContext } from 'svelte'
import type { Detection, DetectionKey } from '../../shared/detection.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { linkTo, type NoLink } from '../../shared/link.ts'
import { searchFields } from '../../shared/search-fields.ts'
import type { Settings } from '../../shared/settings.ts'
import { linkPrefix, longestLink } from '../../shared/view.ts'
import { Attack } from './attack.svelte.ts'
import { Care } from './care.svelte.ts'
import { Chart } from './chart.svelte.ts'
import { Clock } from './clock.svelte.ts'
import { Completion } from './completion.svelte.ts'
import { Connect } from './connect.svelte.ts'
import { Dialogs } from './dialogs.svelte.ts'
import { Cursor } from './cursor.svelte.ts'
import { DigestState } from './digest.svelte.ts'
import { Entities } from './entities.svelte.ts'
import { Drafts } from './drafts.svelte.ts'
import { EntityState } from './entity.svelte.ts'
import { Evidence } from './evidence.svelte.ts'
import { DriftState } from './drift.svelte.ts'
import { FacetsState } from './facets.svelte.ts'
import { Facts } from './facts.svelte.ts'
import { Gaps } from './gaps.svelte.ts'
import { HealthState } from './health.svelte.ts'
import { Hooks } from './hooks.svelte.ts'
import { Marks } from './marks.svelte.ts'
import { Inbox } from './inbox.svelte.ts'
import { toAddress } from './location.ts'
import { Navigation, type Address } from './navigation.svelte.ts'
import { Notices } from './notices.svelte.ts'
import { Organizations } from './organizations.svelte.ts'
import { Posture } from './posture.svelte.ts'
import { QuarantineState } from './quarantine.svelte.ts'
import { reasonOf } from './reason.ts'
import { Registrations } from './registrations.svelte.ts'
import { SavedViews } from './saved-views.svelte.ts'
import { RuleArranger } from './rule-arranger.svelte.ts'
import { emptyRule, RuleEditor } from './rule-editor.svelte.ts'
import { RulesState } from './rules.svelte.ts'
import { Sample } from './sample.svelte.ts'
import { Searches } from './searches.ts'
import { Hushing } from './hushing.svelte.ts'
import { Selection } from './selection.svelte.ts'
import { SettingsState } from './settings.svelte.ts'
import { Suppressed } from './suppressed.svelte.ts'
import { Tasks } from './tasks.svelte.ts'
import { Timeline } from './timeline.svelte.ts'
import { Triage } from './triage.svelte.ts'
import { Unsigned } from './unsigned.svelte.ts'
import { Ways } from './ways.svelte.ts'

export type AppState = ReturnType<typeof createAppState>

const noLinkWords: Readonly<Record<NoLink, string>> = {
  'too-long': `A link may have ${longestLink.toLocaleString('en')} characters, and that of this view has more. Shorten its search.`,
  'control-character':
    'Its search has a line break or another control character, and no link with one is opened. Save the view instead, or put a * in its place.',
  'no-view': 'No link to this view would be opened. Save the view instead.',
}

/** Everything that changes, built and connected once; components get it with `useApp()`. */
export function createAppState(bridge: Bridge, address: Address, now: () => number) {
  const clock = new Clock(now)
  const notices = new Notices(bridge)
  const navigation = new Navigation(address)
  const timeline = new Timeline(bridge)
  const chart = new Chart(bridge, now, (range) => timeline.setRange(range))
  const selection = new Selection(bridge, (detection) => timeline.put(detection))
  const marks = new Marks(() => timeline)
  const cursor = new Cursor(timeline, selection, marks)
  let turns = 0
  const turn = (): number => (turns += 1)
  const triage = new Triage(bridge, {
    marks,
    cursor,
    tell: (notice) => notices.raise(notice),
    settled: (trouble) => notices.dismiss(trouble),
    now,
    turn,
  })
  /** With what is searched for by now, and by its address, since the address leads: as it was left it would be asked for that again. */
  function showTimeline(open: DetectionKey | null = selection.openDetection): void {
    navigation.open({ view: 'timeline', ...timeline.wanted, open })
  }
  /** By its address too: from another view it would close what it does not name. */
  function openOnTimeline(key: DetectionKey): void {
    showTimeline(key)
    void selection.open(key)
  }
  const sample = new Sample(bridge, openOnTimeline)
  const health = new HealthState(bridge, { notices, now })
  const organizations = new Organizations(bridge)
  const quarantine = new QuarantineState(bridge)
  const drift = new DriftState(bridge)
  const registrations = new Registrations(bridge)
  const unsigned = new Unsigned(bridge)
  const ways = new Ways(bridge, now)
  const gaps = new Gaps(bridge)
  const connect = new Connect()
  const settings = new SettingsState(bridge)
  const care = new Care(bridge)
  const facts = new Facts(bridge)
  const evidence = new Evidence(bridge, (notice) => notices.raise(notice))
  const tasks = new Tasks(bridge, (notice) => notices.raise(notice))
  const savedViews = new SavedViews(bridge, (notice) => notices.raise(notice))
  const searches = new Searches(settings, {
    tell: (notice) => notices.raise(notice),
    offer: (undoable) => void triage.remember(undoable),
  })
  const completion = new Completion(bridge, { fields: searchFields, recent: () => searches.recent, views: () => savedViews.list })
  const facets = new FacetsState(bridge)
  const suppressed = new Suppressed(bridge)
  // The newest is taken back first: where both are offered, that of triage came later.
  const rules = new RulesState(bridge, { tell: (notice) => notices.raise(notice), now, offered: () => triage.dismiss(), turn })
  const ruleEditor = new RuleEditor(bridge, rules)
  const ruleArranger = new RuleArranger(bridge, rules)
  const hooks = new Hooks(bridge)
  const queryCompletion = new Completion(bridge, { fields: searchFields, recent: () => searches.recent, views: () => [] })
  const dialogs = new Dialogs()
  const hushing = new Hushing(bridge, dialogs)
  const drafts = new Drafts()
  const inbox = new Inbox(bridge)
  const digest = new DigestState(bridge, { now, remember: (undoable) => void triage.remember(undoable) })
  const posture = new Posture(bridge, (notice) => notices.raise(notice))
  const attack = new Attack(bridge)
  const entity = new EntityState(bridge)
  const entities = new Entities(bridge, now, (wanted, how) => navigation.open({ view: 'entities', entity: null, ...wanted }, how))
  const unlisten = [bridge.on('detection:chosen', openOnTimeline), bridge.on('address:chosen', (chosen) => navigation.follow(chosen))]

  async function copy(text: string, what: string): Promise<void> {
    try {
      await bridge.invoke('clipboard:write', text)
      notices.raise({ id: 'copied', tone: 'info', title: `Copied ${what}`, text: '' })
    } catch (error) {
      notices.raise({ id: 'copied', tone: 'trouble', title: `Could not copy ${what}`, text: reasonOf(error) })
    }
  }

  return {
    clock,
    notices,
    navigation,
    timeline,
    chart,
    selection,
    marks,
    cursor,
    triage,
    sample,
    health,
    organizations,
    quarantine,
    drift,
    registrations,
    unsigned,
    ways,
    gaps,
    connect,
    settings,
    care,
    facts,
    evidence,
    tasks,
    savedViews,
    searches,
    completion,
    facets,
    suppressed,
    rules,
    ruleEditor,
    ruleArranger,
    hooks,
    /**
     * Whether undo is of the rules: where they are seen, and wherever theirs is the newest of all that can be taken back, offered or not: what
     * was done before it is never taken back in its place.
     */
    get undoesRules() {
      if (triage.offer !== null) return false
      if (navigation.view === 'rules') return true
      return rules.undoable !== null && rules.undoable.turn > triage.lastTurn
    },
    /** Of the queries of rules and suppressions. */
    queryCompletion,
    hushing,
    dialogs,
    drafts,
    inbox,
    digest,
    posture,
    attack,
    entity,
    entities,
    /** Ids of the commands that were run since the window was opened: they come first. */
    usedCommands: new Set<string>(),
    showTimeline: () => showTimeline(),
    copy,
    copyDetection: (detection: Detection) => copy(JSON.stringify(detection, null, 2), 'the detection as JSON'),
    copyMetadata: ({ metadata }: Detection) => copy(JSON.stringify(metadata, null, 2), 'the metadata'),
    /** Applies at once, or the user is told why it does not. */
    async choose(change: Partial<Settings>): Promise<void> {
      const written = await settings.write(change)
      if (written.kind === 'refused')
        notices.raise({ id: 'settings-refused', tone: 'trouble', title: 'The setting was not changed', text: written.detail })
    },
    /** Marks what is open to stay whatever retention takes, or not to; what fails is told. */
    async keepOpen(isKept: boolean): Promise<void> {
      const trouble = await selection.keep(isKept)
      if (trouble !== null) notices.raise({ id: 'keep', tone: 'trouble', title: 'The mark was not changed', text: trouble })
    },
    /** Begins one for what this finds. */
    writeRule(query: string): void {
      ruleEditor.begin({ ...emptyRule, query })
      navigation.open({ view: 'rules', part: 'new' })
    },
    /** Of the view as it is; one that would not be opened is not copied, and the user is told why. */
    copyLink(): Promise<void> {
      const link = linkPrefix + toAddress(navigation.location)
      const read = linkTo(link)
      if (read.kind === 'link') return copy(link, 'a link to this view')
      notices.raise({ id: 'copied', tone: 'trouble', title: 'No link was copied', text: noLinkWords[read.because] })
      return Promise.resolve()
    },
    stop(): void {
      for (const stop of unlisten) stop()
      for (const part of [
        entities,
        entity,
        attack,
        posture,
        digest,
        inbox,
        hushing,
        queryCompletion,
        hooks,
        ruleEditor,
        ruleArranger,
        rules,
        suppressed,
        facets,
        completion,
        savedViews,
        tasks,
        facts,
        settings,
        care,
        gaps,
        ways,
        drift,
        quarantine,
        organizations,
        health,
        triage,
        selection,
        chart,
        timeline,
        navigation,
        notices,
        clock,
      ])
        part.stop()
    },
  }
}

export const [useApp, provideApp] = createContext<AppState>()
