/** What a start needs only once the window is being made: read while the window's process begins. */
export { startCore } from './core.ts'
export { createNotify } from './notify/notify.ts'
export { careInUtilityProcess } from './shell/care-process.ts'
export { createChangePush } from './shell/change-push.ts'
export { createHandlers } from './shell/handlers.ts'
export { createNotifier } from './shell/notifier.ts'
export { createTray } from './shell/tray.ts'
export { watchComputer } from './shell/wake.ts'
