/**
 * The one list of what can be done by name: every action, with words that people also type for it. Each has one command, or one for each of
 * its choices; the page offers it only where it applies.
 */
const actionWords = {
  // Of detections.
  next: 'down below after',
  previous: 'up above before',
  open: 'show details',
  newest: 'top first latest start',
  oldest: 'bottom last earliest end',
  acknowledge: 'ack seen read',
  done: 'close finish triage verdict judge',
  verdict: 'judge triage judgement',
  snooze: 'later remind postpone',
  wake: 'unsnooze now',
  label: 'tag add',
  unread: 'new reopen not done',
  mark: 'check tick choose deselect',
  'select all': 'mark everything check',
  'select none': 'deselect unselect clear marks selection',
  'copy rows': 'clipboard text',
  undo: 'take back revert',
  close: 'hide pane details',
  keep: 'retention pin star forever',
  evidence: 'bundle proof export download zip',
  'copy detection': 'clipboard raw',
  'copy metadata': 'clipboard raw',
  entity: 'user account identity who',
  'suppress like': 'noise known silence ignore hide',
  'rule like': 'notify notification new',
  // Of what is listed.
  search: 'find filter query',
  clear: 'reset empty filter query',
  forget: 'history delete clear privacy',
  further: 'older more continue',
  'hide suppressed': 'noise filter',
  range: 'time period since span',
  table: 'accessible numbers counts histogram lanes',
  // Of a view.
  'save view': 'bookmark pin keep search',
  views: 'bookmarks pinned rename remove saved searches',
  link: 'url address share clipboard',
  export: 'download csv json ndjson ocsf ecs hec archive save',
  report: 'download print audit compliance',
  navigator: 'mitre layer download attack json',
  'all techniques': 'mitre matrix whole empty',
  seen: 'read digest done away',
  mute: 'silence quiet snooze notifications do not disturb',
  unmute: 'speak loud notifications again',
  suppress: 'noise known silence ignore',
  rule: 'notify notification new create add',
  'save rules': 'apply order changes',
  'discard rules': 'cancel revert order changes',
  // Places.
  go: 'open show view page tab',
  inbox: 'notifications open show',
  digest: 'away summary open show',
  connect: 'inlet receiver relay jetstream gosmee smee tunnel webhook connection new',
  organization: 'tenant keys trust new',
  hook: 'webhook script command siem splunk send new',
  view: 'open saved pinned bookmark',
  back: 'previous last view page history',
  forward: 'next view page history',
  // Of the app.
  import: 'open load restore file',
  cancel: 'stop abort export import',
  dismiss: 'close export import ended',
  theme: 'appearance colours colors mode',
  density: 'size height spacing appearance',
  column: 'columns show hide fields',
  notify: 'notifications alerts disable enable silence',
  'quiet hours': 'night sleep do not disturb schedule',
  content: 'privacy lock screen hide text',
  login: 'autostart boot startup launch',
  backup: 'copy save history',
  listen: 'receiver restart port retry start',
  reconnect: 'retry restart down offline way in connection',
  sample: 'test demo try example',
  help: 'shortcuts keyboard keymap syntax legend',
} as const satisfies Readonly<Record<string, string>>

export type Action = keyof typeof actionWords
/** An action, or one of the choices it has. */
export type CommandId = Action | `${Action} ${string}`

/** Words for one choice of an action. */
const choiceWords: Readonly<Partial<Record<CommandId, string>>> = {
  'go timeline': 'detections threats history list home',
  'go inbox': 'notifications told',
  'go entities': 'users accounts identities',
  'go posture': 'misconfigurations issues compliance frameworks',
  'go attack': 'mitre matrix heatmap techniques tactics',
  'go digest': 'summary since last look',
  'go rules': 'notifications hooks',
  'go connections': 'inlets ways in organizations keys webhook health',
  'go settings': 'preferences options configuration retention',
  'go quarantine': 'untrusted unverified deliveries',
  'go drift': 'unknown fields schema',
  'done true-positive': 'tp confirmed real',
  'done false-positive': 'fp wrong benign',
  'done expected': 'known benign',
  'verdict true-positive': 'tp confirmed real',
  'verdict false-positive': 'fp wrong benign',
  'theme dark': 'night black',
  'theme light': 'day bright white',
  'range all': 'ever reset whole',
}

export const actions = Object.keys(actionWords) as readonly Action[]

export function actionOf(id: CommandId): Action {
  return isAction(id) ? id : (id.slice(0, id.indexOf(' ')) as Action)
}

/** What is looked through besides the name of a command. */
export function wordsOf(id: CommandId): string {
  return `${actionWords[actionOf(id)]} ${choiceWords[id] ?? ''}`
}

/** The choices that have words of their own, so that none outlives what it is for. */
export const choices = Object.keys(choiceWords) as readonly CommandId[]

function isAction(id: CommandId): id is Action {
  return Object.hasOwn(actionWords, id)
}
