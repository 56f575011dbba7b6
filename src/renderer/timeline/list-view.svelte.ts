import { endAnchor, moved, revealed, scaleOf, toAnchor, topAnchor, toScroll, visible, type Anchor, type Measure } from './layout.ts'

/** A scroll of more than so many views is a jump of the bar. */
const jumpViews = 20
/** Rows are placed from a base that moves along, so that no number gets too large for fractions of a pixel. */
const mostFromBase = 100_000
const beyond = 320

type Rows = Omit<Measure, 'height'>

/** Where the list is scrolled to. The element scrolls as elements do; this says what stands where, and where the bar belongs. */
export class ListView {
  height = $state(0)
  pixelRatio = $state(1)
  anchor = $state.raw<Anchor>(topAnchor)
  /** Where in the scrolled element rows are counted from. */
  base = $state(0)
  /** What the element should be scrolled to, once it differs from where it is; another object each time. */
  wish = $state.raw<{ readonly scrollTop: number } | null>(null)
  readonly #rows: () => Rows & { readonly extra: number }
  #scrollTop = $state(0)
  /** Of the block of the anchor when it was set: a heading that becomes known above it does not move it. */
  #above = 0

  constructor(rows: () => Rows & { readonly extra: number }) {
    this.#rows = rows
  }

  readonly measure: Measure = $derived.by(() => ({ ...this.#rows(), height: this.height }))
  readonly scale = $derived.by(() => scaleOf(this.measure, this.pixelRatio, this.#rows().extra))
  readonly visible = $derived.by(() => visible(this.#settled, this.measure, beyond))

  /** From the base, as `base` has it. */
  topOf(top: number): number {
    return top + this.#scrollTop - this.base
  }

  get isAtTop() {
    return this.anchor.index === 0 && this.anchor.offset < 4
  }

  /** The anchor, with what became known above it. */
  get #settled(): Anchor {
    const { index, offset } = this.anchor
    if (index === 0) return this.anchor
    return { index, offset: offset + this.measure.above(index) - this.#above }
  }

  /** The element was scrolled; `isDragged` by the thumb of its bar. */
  scrolled(scrollTop: number, isDragged: boolean): void {
    const by = scrollTop - this.#scrollTop
    if (by === 0) return
    const { measure, scale } = this
    const isCompressed = scale.virtual > scale.height
    const isJump = Math.abs(by) > jumpViews * this.height || (isDragged && isCompressed && Math.abs(by) > this.height / 4)
    this.#scrollTop = scrollTop
    this.#set(isJump ? toAnchor(scrollTop, measure, scale) : moved(this.#settled, by, measure))
    if (isJump || Math.abs(scrollTop - this.base) > mostFromBase) this.base = Math.round(scrollTop)
    this.#mend()
  }

  /** The bar has come to rest: it is put where it belongs. */
  rested(): void {
    const belongs = toScroll(this.anchor, this.measure, this.scale)
    if (Math.abs(belongs - this.#scrollTop) > this.height) this.#put(belongs)
  }

  toTop(): void {
    this.#set(topAnchor)
    this.#put(0)
  }

  toEnd(): void {
    this.#set(endAnchor(this.measure))
    this.#put(this.scale.height - this.scale.view)
  }

  /** Shows a row whole. */
  reveal(index: number, cover: number): void {
    const anchor = revealed(this.#settled, index, this.measure, cover)
    const { index: before, offset } = this.#settled
    if (anchor.index === before && anchor.offset === offset) return
    this.#go(anchor)
  }

  /** Puts a row at the top. */
  show(index: number, cover: number): void {
    this.#go(moved({ index, offset: this.measure.above(index) }, -cover, this.measure))
  }

  /** The row of the anchor stands elsewhere now; nothing moves for the eye. */
  renumber(index: number): void {
    const { measure } = this
    this.#set({ index, offset: this.#settled.offset - measure.above(this.anchor.index) + measure.above(index) })
  }

  /** Fewer rows, another height of rows or of the view: what is at the top stays there as far as it can. */
  fit(): void {
    if (this.anchor.index === 0 && this.anchor.offset === 0) return
    const anchor = moved(this.#settled, 0, this.measure)
    if (anchor.index !== this.anchor.index || anchor.offset !== this.anchor.offset) this.#set(anchor)
    this.#mend()
  }

  #go(anchor: Anchor): void {
    this.#set(anchor)
    this.#put(toScroll(anchor, this.measure, this.scale))
    this.#mend()
  }

  #set(anchor: Anchor): void {
    this.anchor = anchor
    this.#above = anchor.index < this.measure.count ? this.measure.above(anchor.index) : 0
  }

  /** Neither end of the bar comes before the end of the list, and not after it. */
  #mend(): void {
    const { anchor, measure, scale } = this
    const far = scale.height - scale.view
    const end = endAnchor(measure)
    const isTop = anchor.index === 0 && anchor.offset <= 0
    const isEnd = anchor.index > end.index || (anchor.index === end.index && anchor.offset >= end.offset)
    if (isTop && this.#scrollTop > 0) this.#put(0)
    else if (isEnd && !isTop && this.#scrollTop < far) this.#put(far)
    else if (!isTop && this.#scrollTop <= 0) this.#put(Math.max(1, toScroll(anchor, measure, scale)))
    else if (!isEnd && this.#scrollTop >= far && far > 0) this.#put(Math.min(far - 1, toScroll(anchor, measure, scale)))
  }

  #put(scrollTop: number): void {
    this.#scrollTop = scrollTop
    this.base = Math.round(scrollTop)
    this.wish = { scrollTop }
  }
}
