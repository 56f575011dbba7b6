import type { Bridge } from '../../shared/ipc.ts'
import { complete, typedAt, type Typed } from '../search/completion.ts'

const pauseMs = 80
const mostOf = { field: 8, value: 12, recent: 6, view: 4 } as const

export type Suggestion =
  | { readonly kind: 'field' | 'value'; readonly label: string; readonly hint: string }
  /** The whole search. */
  | { readonly kind: 'recent'; readonly label: string; readonly hint: string }
  | { readonly kind: 'view'; readonly label: string; readonly hint: string; readonly address: string }

export type CompletionSources = {
  readonly fields: readonly { readonly name: string; readonly sentence: string }[]
  readonly recent: () => readonly string[]
  readonly views: () => readonly { readonly name: string; readonly address: string }[]
}

/** What could stand at the caret of the search field. The newest answer counts; a closed list stays closed until the next character. */
export class Completion {
  items = $state.raw<readonly Suggestion[]>([])
  /** The one the keyboard stands on; -1 for none. */
  active = $state(-1)
  readonly #bridge: Bridge
  readonly #sources: CompletionSources
  #typed: Typed | null = null
  #text = ''
  #ticket = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(bridge: Bridge, sources: CompletionSources) {
    this.#bridge = bridge
    this.#sources = sources
  }

  get isOpen() {
    return this.items.length > 0
  }

  /** `isAsked`: the user wants a list where none would come by itself, too. */
  update(text: string, caret: number, isAsked = false): void {
    clearTimeout(this.#timer)
    const ticket = ++this.#ticket
    const typed = typedAt(text, caret)
    this.#text = text
    this.#typed = typed
    if (typed?.kind === 'value') {
      this.#timer = setTimeout(() => void this.#askValues(typed, ticket), pauseMs)
      return
    }
    this.#show(typed === null ? [] : typed.kind === 'field' ? this.#fieldsLike(typed.begins) : this.#atStart(text, isAsked))
  }

  move(by: 1 | -1): void {
    if (!this.isOpen) return
    const count = this.items.length + 1
    this.active = ((this.active + 1 + by + count) % count) - 1
  }

  /** The text with a suggestion in it, and where the caret goes; null where the suggestion is a view to go to. */
  take(suggestion: Suggestion): { readonly text: string; readonly caret: number } | null {
    this.close()
    if (suggestion.kind === 'view') return null
    if (suggestion.kind === 'recent') return { text: suggestion.label, caret: suggestion.label.length }
    return this.#typed === null ? { text: this.#text, caret: this.#text.length } : complete(this.#text, this.#typed, suggestion.label)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#ticket += 1
    this.#show([])
  }

  async #askValues(typed: Extract<Typed, { kind: 'value' }>, ticket: number): Promise<void> {
    let values: readonly string[] = []
    try {
      values = await this.#bridge.invoke('search:complete', { field: typed.field, begins: typed.begins })
    } catch {
      // A list that does not come is no trouble: the value can be typed.
    }
    if (ticket !== this.#ticket) return
    // What is there in full already needs no list.
    const others = values.filter((value) => value !== typed.begins)
    this.#show(others.slice(0, mostOf.value).map((label) => ({ kind: 'value', label, hint: '' })))
  }

  #fieldsLike(begins: string): readonly Suggestion[] {
    const wanted = begins.toLowerCase()
    return this.#sources.fields
      .filter(({ name }) => name.startsWith(wanted))
      .slice(0, mostOf.field)
      .map(({ name, sentence }) => ({ kind: 'field', label: name, hint: sentence }))
  }

  #atStart(text: string, isAsked: boolean): readonly Suggestion[] {
    const fields = this.#sources.fields.map(({ name, sentence }): Suggestion => ({ kind: 'field', label: name, hint: sentence }))
    if (text.trim() !== '') return isAsked ? fields : []
    return [
      ...this.#sources
        .recent()
        .slice(0, mostOf.recent)
        .map((label): Suggestion => ({ kind: 'recent', label, hint: 'searched before' })),
      ...this.#sources
        .views()
        .slice(0, mostOf.view)
        .map(({ name, address }): Suggestion => ({ kind: 'view', label: name, hint: 'saved view', address })),
      ...(isAsked ? fields : fields.slice(0, mostOf.field)),
    ]
  }

  #show(items: readonly Suggestion[]): void {
    this.items = items
    this.active = -1
  }

  stop(): void {
    this.close()
  }
}
