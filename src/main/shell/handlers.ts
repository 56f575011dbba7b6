import { app, clipboard } from 'electron'
import type { OrganizationId } from '../../shared/detection.ts'
import type { Core } from '../core-parts.ts'
import { chooseToOpen, chooseWhereToSave, confirm } from './dialogs.ts'
import { exportFile } from './export-file.ts'
import type { Handlers } from './ipc.ts'
import { reportFile } from './report-file.ts'
import { createPdfPrinter } from './report-pdf.ts'
import type { StartAtLogin } from './start-at-login.ts'

/** What the page may ask of main. The shape of each argument was checked at the gate; what it could do with an answer is said there. */
export function createHandlers(parts: { readonly core: Core; readonly profile: string; readonly startAtLogin: StartAtLogin }): Handlers {
  const { core, profile, startAtLogin } = parts
  const printPdf = createPdfPrinter()
  // A page could bury the user in dialogs.
  let isChoosing = false

  /** Whether nothing has to be asked, or the person in front of the screen agrees. */
  async function isGranted(consent: Parameters<typeof confirm>[0] | null): Promise<boolean> {
    return consent === null || (await choose(() => confirm(consent))) === true
  }

  /** null where the user would rather not, or another dialog is open. */
  async function choose<T>(ask: () => Promise<T>): Promise<T | null> {
    if (isChoosing) return null
    isChoosing = true
    try {
      return await ask()
    } finally {
      isChoosing = false
    }
  }

  /** Doing nothing leaves out what nobody signed, and takes the rest. */
  function mayTakeUnsigned(organizationId: OrganizationId): Promise<boolean> {
    return isGranted(core.tasks.unsignedConsent(organizationId))
  }

  return {
    'timeline:page': core.desk.page,
    'timeline:histogram': core.desk.histogram,
    'timeline:facets': core.desk.facets,
    'timeline:count': core.desk.count,
    'search:complete': core.desk.complete,
    'entities:list': core.insight.entities,
    'entity:read': core.insight.entity,
    'posture:read': core.insight.posture,
    async 'report:save'({ framework, format }) {
      const path = await choose(() => chooseWhereToSave(reportFile({ framework, format }, Date.now())))
      if (path === null) return { kind: 'cancelled' }
      return core.insight.saveReport({ framework }, path, format === 'pdf' ? printPdf : async (html) => html)
    },
    'attack:matrix': () => core.insight.matrix(),
    'attack:read': core.insight.attack,
    'views:list': core.desk.views.list,
    'view:save': core.desk.views.save,
    'view:remove': core.desk.views.remove,
    'views:count': core.desk.views.count,
    'rules:list': () => core.rules.list(),
    'rule:save': core.rules.save,
    'rules:arrange': core.rules.arrange,
    'rule:remove': core.rules.remove,
    'rules:try': core.rules.try,
    'mute:add': core.rules.mutes.add,
    'mute:take-back': core.rules.mutes.takeBack,
    'mute:remove': core.rules.mutes.remove,
    'mute:restore': core.rules.mutes.restore,
    'suppression:try': core.rules.suppressions.try,
    'suppression:add': core.rules.suppressions.add,
    'suppression:lift': core.rules.suppressions.lift,
    'suppression:restore': core.rules.suppressions.restore,
    'hooks:list': () => core.hooks.list(),
    async 'hook:save'(draft) {
      if (!(await isGranted(core.hooks.consent(draft)))) return notGranted
      return core.hooks.save(draft)
    },
    'hook:remove': core.hooks.remove,
    'hook:test': core.hooks.test,
    'triage:write': core.triage.write,
    'triage:undo': core.triage.undo,
    'inbox:page': core.inbox.page,
    'digest:read': core.inbox.digest.read,
    'digest:seen': core.inbox.digest.seen,
    'digest:unseen': core.inbox.digest.unseen,
    'detection:open': core.open,
    'detection:keep': ({ key, keep }) => core.care.keep(key, keep),
    async 'evidence:save'(key) {
      const kind = { name: 'JSON', extensions: ['json'] }
      const file = { title: 'Save the evidence of this detection', name: core.evidence.fileName(key), kind }
      const path = await choose(() => chooseWhereToSave(file))
      return path === null ? { kind: 'cancelled' } : core.evidence.save(key, path)
    },
    'health:read': () => core.health(),
    'app:read': () => ({
      version: app.getVersion(),
      electron: process.versions.electron ?? '',
      profile,
      platform: process.platform,
      receiverUrl: core.receiverUrl(),
    }),
    'sample:send': oneAtATime(core.sendSample),
    'organizations:list': () => core.organizations(),
    'organizations:count': () => core.organizationCounts(),
    'organization:add': core.addOrganization,
    'organization:change': core.changeOrganization,
    'quarantine:page': core.quarantine.page,
    'quarantine:open': core.quarantine.open,
    'quarantine:look': core.quarantine.look,
    'quarantine:discard': core.quarantine.discard,
    'drift:list': () => core.drift.list(),
    'registration:read': ({ organizationId, look }) =>
      look ? core.registration.look(organizationId) : core.registration.read(organizationId),
    'registration:register': ({ organizationId, name, inlet }) => core.registration.register(organizationId, name, inlet),
    'registration:repair': core.registration.repair,
    'registration:remove': core.registration.remove,
    'secret:write': ({ organizationId, value }) => core.registration.writeKey(organizationId, value),
    'secret:forget': core.registration.forgetKey,
    'secret-header:read': core.secretHeader.read,
    'secret-header:renew': core.secretHeader.renew,
    'unsigned:read': core.unsigned.read,
    'unsigned:switch': ({ organizationId }) => core.unsigned.switch(organizationId),
    'receiver:restart': oneAtATime(core.restartReceiver),
    'ways:read': () => core.ways.read(),
    async 'inlet:save'(draft) {
      if (!(await isGranted(core.inlets.consent(draft)))) return notGranted
      return core.inlets.save(draft)
    },
    'inlet:switch': core.inlets.switch,
    'inlet:remove': core.inlets.remove,
    'inlet:reconnect': core.inlets.reconnect,
    'inlet:test': core.inlets.test,
    async 'tunnel:save'(setUp) {
      if (!(await isGranted(core.tunnel.consent(setUp)))) return notGranted
      return core.tunnel.save(setUp)
    },
    'tunnel:restart': () => core.tunnel.restart(),
    'gaps:list': core.gaps.list,
    async 'export:start'({ of, format }) {
      const refused = core.tasks.refusal({ kind: 'export', of })
      if (refused !== null) return refused
      const path = await choose(() => chooseWhereToSave(exportFile(format, Date.now())))
      return path === null ? { kind: 'cancelled' } : core.tasks.export({ of, format, path })
    },
    async 'import:start'() {
      const refused = core.tasks.refusal({ kind: 'import' })
      if (refused !== null) return refused
      const kind = { name: 'Archives and tokens', extensions: ['ndjson', 'jsonl', 'txt', 'jwt'] }
      const files = await choose(() => chooseToOpen({ title: 'Import detections', kind }))
      return files === null ? { kind: 'cancelled' } : core.tasks.import(files, mayTakeUnsigned)
    },
    'task:cancel'(id) {
      core.tasks.cancel(id)
      return null
    },
    'tasks:list': () => core.tasks.list(),
    'backups:list': core.care.backups.list,
    'backup:make': core.care.backups.make,
    'retention:preview': ({ policy }) => core.care.retention.preview(policy),
    async 'retention:apply'({ policy }) {
      if (!(await isGranted(core.care.retention.consent(policy, 'now')))) return notGranted
      return core.care.retention.apply(policy)
    },
    async 'retention:save'({ policy }) {
      if (!(await isGranted(policy === null ? null : core.care.retention.consent(policy, 'daily')))) return notGranted
      return core.care.retention.save(policy)
    },
    'settings:read': () => core.settings(),
    async 'settings:write'(changes) {
      if (!(await isGranted(core.ways.consent(changes)))) return notGranted
      const login = changes.startAtLogin === undefined ? null : startAtLogin.write(changes.startAtLogin === true)
      return login?.kind === 'refused' ? login : core.writeSettings(changes)
    },
    'clipboard:write': (text) => {
      void clipboard.writeText(text)
      return null
    },
  }
}

const notGranted = { kind: 'refused', detail: 'It was not allowed in the dialog. Nothing was changed.' } as const

/** Whoever asks while one is under way gets that one's answer. */
function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null
  return () => {
    running ??= work().finally(() => {
      running = null
    })
    return running
  }
}
