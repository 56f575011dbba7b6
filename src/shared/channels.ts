/** How the contract of ipc.ts travels: two channels, and the closed lists of names both ends check against. */
import type { PushName, RequestName } from './ipc.ts'

export const requestChannel = 'tocsin:request'
export const pushChannel = 'tocsin:push'

/** What main answers to any request. What went wrong is in its log, never in the page. */
export type Reply = { readonly kind: 'answered'; readonly value: unknown } | { readonly kind: 'refused' } | { readonly kind: 'failed' }

// As records, since a name of the contract that is missing here does not compile.
const requests: Readonly<Record<RequestName, true>> = {
  'timeline:page': true,
  'timeline:histogram': true,
  'timeline:facets': true,
  'timeline:count': true,
  'search:complete': true,
  'entities:list': true,
  'entity:read': true,
  'posture:read': true,
  'report:save': true,
  'attack:matrix': true,
  'attack:read': true,
  'digest:read': true,
  'digest:seen': true,
  'digest:unseen': true,
  'inbox:page': true,
  'rules:list': true,
  'rule:save': true,
  'rules:arrange': true,
  'rule:remove': true,
  'rules:try': true,
  'mute:add': true,
  'mute:take-back': true,
  'mute:remove': true,
  'mute:restore': true,
  'suppression:try': true,
  'suppression:add': true,
  'suppression:lift': true,
  'suppression:restore': true,
  'hooks:list': true,
  'hook:save': true,
  'hook:remove': true,
  'hook:test': true,
  'views:list': true,
  'view:save': true,
  'view:remove': true,
  'views:count': true,
  'triage:write': true,
  'triage:undo': true,
  'detection:open': true,
  'detection:keep': true,
  'evidence:save': true,
  'health:read': true,
  'app:read': true,
  'sample:send': true,
  'organizations:list': true,
  'organizations:count': true,
  'organization:add': true,
  'organization:change': true,
  'quarantine:page': true,
  'quarantine:open': true,
  'quarantine:look': true,
  'quarantine:discard': true,
  'drift:list': true,
  'registration:read': true,
  'registration:register': true,
  'registration:repair': true,
  'registration:remove': true,
  'secret:write': true,
  'secret:forget': true,
  'secret-header:read': true,
  'secret-header:renew': true,
  'unsigned:read': true,
  'unsigned:switch': true,
  'receiver:restart': true,
  'ways:read': true,
  'inlet:save': true,
  'inlet:switch': true,
  'inlet:remove': true,
  'inlet:reconnect': true,
  'inlet:test': true,
  'tunnel:save': true,
  'tunnel:restart': true,
  'gaps:list': true,
  'export:start': true,
  'import:start': true,
  'task:cancel': true,
  'tasks:list': true,
  'backups:list': true,
  'backup:make': true,
  'retention:preview': true,
  'retention:apply': true,
  'retention:save': true,
  'settings:read': true,
  'settings:write': true,
  'clipboard:write': true,
}
const pushes: Readonly<Record<PushName, true>> = {
  'detections:changed': true,
  'detection:chosen': true,
  'address:chosen': true,
  'inbox:changed': true,
  'views:changed': true,
  'rules:changed': true,
  'hooks:changed': true,
  'health:changed': true,
  'ways:changed': true,
  'gap:changed': true,
  'organizations:changed': true,
  'quarantine:changed': true,
  'settings:changed': true,
  'task:changed': true,
  'notice:raised': true,
}

export const requestNames = Object.keys(requests) as readonly RequestName[]
export const pushNames = Object.keys(pushes) as readonly PushName[]

export function isRequestName(name: unknown): name is RequestName {
  return typeof name === 'string' && Object.hasOwn(requests, name)
}

export function isPushName(name: unknown): name is PushName {
  return typeof name === 'string' && Object.hasOwn(pushes, name)
}
