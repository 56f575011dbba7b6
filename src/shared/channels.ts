/** How the contract of ipc.ts travels: two channels, and the closed lists of names both ends check against. */
import type { PushName, RequestName } from './ipc.ts'

export const requestChannel = 'tocsin:request'
export const pushChannel = 'tocsin:push'

/** What main answers to any request. What went wrong is in its log, never in the page. */
export type Reply = { readonly kind: 'answered'; readonly value: unknown } | { readonly kind: 'refused' } | { readonly kind: 'failed' }

// As records, since a name of the contract that is missing here does not compile.
const requests: Readonly<Record<RequestName, true>> = {
  'timeline:page': true,
  'detection:open': true,
  'health:read': true,
  'app:read': true,
  'sample:send': true,
  'organizations:list': true,
  'organization:add': true,
  'receiver:restart': true,
  'settings:read': true,
  'settings:write': true,
  'clipboard:write': true,
}
const pushes: Readonly<Record<PushName, true>> = {
  'detections:changed': true,
  'detection:chosen': true,
  'health:changed': true,
  'organizations:changed': true,
  'settings:changed': true,
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
