/* eslint-disable svelte/prefer-svelte-reactivity -- its sets and maps are bookkeeping; what is shown is replaced as a whole */
import type { InboxFilter, InboxLine, NotificationId } from '../../shared/inbox.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { keyOf } from './key.ts'
import { reasonOf } from './reason.ts'

const pageSize = 100
/** As many lines as the page keeps; older ones are in the timeline. */
export const mostLines = 5_000

/** What was told and what was kept quiet, newest first. It never depends on a click on a notification. */
export class Inbox {
  lines = $state.raw<readonly InboxLine[]>([])
  phase = $state<'loading' | 'ready' | 'failed'>('loading')
  trouble = $state<string | null>(null)
  older = $state<'idle' | 'loading' | 'failed'>('idle')
  /** Told and not opened yet, among the newest hundred that were told. */
  unread = $state(0)
  readonly #bridge: Bridge
  readonly #unlisten: readonly (() => void)[]
  #filter: InboxFilter = 'all'
  #notification: NotificationId | null = null
  #next: number | null = null
  #ticket = 0
  #visitors = 0

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#unlisten = [
      bridge.on('inbox:changed', () => {
        void this.#count()
        if (this.#visitors > 0) void this.read()
      }),
      // Opening a detection makes its lines read.
      bridge.on('detections:changed', ({ changed }) => {
        const read = new Set(changed.filter(({ triage }) => !triage.isUnread).map(keyOf))
        if (this.lines.some((line) => line.isUnread && read.has(keyOf(line.key))))
          this.lines = this.lines.map((line) => (read.has(keyOf(line.key)) ? { ...line, isUnread: false } : line))
        if (this.unread > 0 && read.size > 0) void this.#count()
      }),
    ]
    void this.#count()
  }

  get hasMore() {
    return this.#next !== null && this.lines.length < mostLines
  }

  /** Keeps the lines up to date until the returned function is called; those of one notification only, where it is named. */
  visit(filter: InboxFilter, notification: NotificationId | null = null): () => void {
    this.#visitors += 1
    if (filter !== this.#filter || notification !== this.#notification) this.lines = []
    this.#filter = filter
    this.#notification = notification
    if (this.lines.length === 0) this.phase = 'loading'
    void this.read()
    return () => (this.#visitors -= 1)
  }

  async read(): Promise<void> {
    const ticket = ++this.#ticket
    try {
      const page = await this.#bridge.invoke('inbox:page', {
        filter: this.#filter,
        notification: this.#notification,
        before: null,
        limit: pageSize,
      })
      if (ticket !== this.#ticket) return
      const last = page.lines.at(-1)
      // What was loaded below stays, as long as it goes on from here.
      const below = last === undefined ? [] : this.lines.filter(({ id }) => id < last.id)
      const isJoined = below.length > 0 && this.lines.some(({ id }) => id >= (last?.id ?? 0))
      this.lines = isJoined ? [...page.lines, ...below] : page.lines
      if (!isJoined) this.#next = page.next
      this.phase = 'ready'
      this.trouble = null
      this.older = 'idle'
    } catch (error) {
      if (ticket !== this.#ticket) return
      this.trouble = reasonOf(error)
      // Lines that stay are from before: those of another question went when it was asked.
      this.phase = 'failed'
    }
  }

  async loadOlder(): Promise<void> {
    const before = this.#next
    if (before === null || this.older === 'loading' || !this.hasMore) return
    this.older = 'loading'
    const [filter, notification] = [this.#filter, this.#notification]
    const isOther = () => before !== this.#next || filter !== this.#filter || notification !== this.#notification
    try {
      const page = await this.#bridge.invoke('inbox:page', { filter, notification, before, limit: pageSize })
      if (isOther()) return
      this.lines = [...this.lines, ...page.lines]
      this.#next = page.next
      this.older = 'idle'
    } catch {
      if (!isOther()) this.older = 'failed'
    }
  }

  async #count(): Promise<void> {
    try {
      const { lines } = await this.#bridge.invoke('inbox:page', { filter: 'told', notification: null, before: null, limit: pageSize })
      this.unread = new Set(lines.filter(({ isUnread }) => isUnread).map(({ key }) => keyOf(key))).size
    } catch {
      // A count that is missing is no trouble of its own: the next change counts again.
    }
  }

  stop(): void {
    for (const stop of this.#unlisten) stop()
    this.#ticket += 1
  }
}
