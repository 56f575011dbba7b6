import { assertNever } from '../../shared/assert-never.ts'
import type { Target } from '../notify/notifier.ts'
import type { Gate } from './ipc.ts'

/** Has the page show what a notification was about. The timeline is wherever the user left it: then it is enough that there is a window. */
export function openTarget(gate: Pick<Gate, 'push'>, target: Target): void {
  switch (target.kind) {
    case 'detection':
      return gate.push('detection:chosen', target.key)
    case 'group':
      return gate.push('address:chosen', `inbox?notification=${target.notification}`)
    case 'timeline':
      return
    default:
      assertNever(target)
  }
}
