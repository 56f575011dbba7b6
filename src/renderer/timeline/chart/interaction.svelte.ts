import type { Chart } from '../../state/chart.svelte.ts'
import type { ChartBar } from './bars.ts'
import type { ChartCommand } from './chart-keys.ts'
import { begin, brushed, momentAt, move, msPerPixel, type Field, type Gesture, type Point } from './gesture.ts'
import { barAt, clamp, pan, snap, zoom, type Span } from './span.ts'

type Parts = {
  readonly chart: Pick<Chart, 'zoom' | 'drag' | 'glide' | 'cancel' | 'range' | 'preview' | 'now'>
  readonly field: () => Field
  readonly bars: () => readonly ChartBar[]
  /** Shows in the list what this bar counts. */
  readonly show: (bar: Span) => void
}
export type Turn = { readonly deltaX: number; readonly deltaY: number; readonly isSideways: boolean }

const closer = 0.6
/** A notch of a common wheel is 100 pixels. */
const zoomPerPixel = 0.0022
const leastBrush = 3

/** What the pointer and the keys do to the chart. The keys have a cursor of their own, which stands on a bar. */
export class Interaction {
  gesture = $state.raw<Gesture | null>(null)
  pointer = $state.raw<Point | null>(null)
  /** A moment of the bar that the keys stand on, and of the one where a selection began. */
  cursor = $state<number | null>(null)
  anchor = $state<number | null>(null)
  /** The keys are in use: what they stand on is shown. A click of the mouse also brings the focus, and no cursor. */
  isFocused = $state(false)
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What a brush or the keys have chosen, in whole bars. */
  get chosen(): Span | null {
    const { gesture } = this
    if (gesture?.kind === 'brush' && gesture.area === 'lanes') return snap(brushed(gesture) ?? { from: 0, to: 0 }, this.#parts.bars())
    if (!this.isFocused || this.cursor === null || this.anchor === null) return null
    const [from, to] = this.cursor < this.anchor ? [this.cursor, this.anchor] : [this.anchor, this.cursor]
    return snap({ from, to: to + 1 }, this.#parts.bars())
  }

  /** Under the pointer, else that of the keys; -1 where there is none. */
  get pointed(): number {
    const at = this.pointer && this.gesture === null ? momentAt(this.pointer, this.#parts.field()) : null
    if (at !== null) return barAt(this.#parts.bars(), at)
    return this.cursorBar
  }

  get cursorBar(): number {
    return this.isFocused && this.cursor !== null ? barAt(this.#parts.bars(), this.cursor) : -1
  }

  get isByKeys(): boolean {
    return this.cursorBar >= 0 && this.pointed === this.cursorBar
  }

  down(point: Point): void {
    this.isFocused = false
    this.anchor = null
    this.gesture = begin(point, this.#parts.field())
  }

  move(point: Point): void {
    this.pointer = point
    if (this.gesture === null) return
    this.gesture = move(this.gesture, point, this.#parts.field())
    if (this.gesture.kind === 'window') this.#parts.chart.drag(this.gesture.now)
    const brush = this.gesture.kind === 'brush' && this.gesture.area === 'minimap' ? brushed(this.gesture) : null
    if (brush) this.#parts.chart.drag(brush)
  }

  up(point: Point): void {
    const { gesture } = this
    const { chart, bars, show, field } = this.#parts
    this.gesture = null
    if (gesture === null) return
    const brush = brushed(gesture)
    if (gesture.kind === 'window') {
      if (gesture.now !== gesture.start) chart.zoom(gesture.now)
      else chart.cancel()
    } else if (gesture.kind === 'brush' && brush) {
      const isMeant = brush.to - brush.from >= leastBrush * msPerPixel(field())
      const span = gesture.area === 'lanes' ? snap(brush, bars()) : brush
      if (isMeant && span) chart.zoom(span)
      else chart.cancel()
    } else if (gesture.kind === 'press' && gesture.area === 'minimap') {
      const { span, whole } = field()
      chart.zoom(clamp(pan(span, gesture.at - (span.from + span.to) / 2, whole), whole))
    } else {
      const at = momentAt(point, field())
      const bar = at === null ? undefined : bars()[barAt(bars(), at)]
      if (!bar) return
      this.cursor = (bar.from + bar.to) / 2
      show({ from: bar.from, to: bar.to })
    }
  }

  leave(): void {
    this.pointer = null
  }

  /** Whether there was something to give up. */
  cancel(): boolean {
    const wasBusy = this.gesture !== null || this.anchor !== null || this.#parts.chart.preview !== null
    this.gesture = null
    this.anchor = null
    this.#parts.chart.cancel()
    return wasBusy
  }

  turn(point: Point, { deltaX, deltaY, isSideways }: Turn): void {
    const field = this.#parts.field()
    const { span, whole } = field
    if (isSideways || Math.abs(deltaX) > Math.abs(deltaY)) {
      const pixels = Math.abs(deltaX) > Math.abs(deltaY) ? deltaX : deltaY
      this.#parts.chart.glide(pan(span, pixels * msPerPixel(field), whole))
      return
    }
    const at = momentAt(point, field) ?? (span.from + span.to) / 2
    this.#parts.chart.glide(zoom(span, at, Math.exp(deltaY * zoomPerPixel), whole))
  }

  /** Whether the chart took it. */
  command(command: ChartCommand): boolean {
    const { chart, show, bars, field } = this.#parts
    const { span, whole } = field()
    const bar = bars()[this.cursorBar]
    switch (command.kind) {
      case 'move':
        this.#step(command.by, command.extends)
        return true
      case 'end':
        this.#stand(command.to === 'first' ? 0 : bars().length - 1, command.extends)
        return true
      case 'enter': {
        const target = this.chosen ?? bar ?? null
        if (target === null) return false
        this.anchor = null
        chart.zoom({ from: target.from, to: target.to })
        return true
      }
      case 'list':
        if (bar) show({ from: bar.from, to: bar.to })
        return bar !== undefined
      case 'in':
      case 'out': {
        // What reaches to now stays there, unless the keys stand somewhere.
        const at = bar ? (bar.from + bar.to) / 2 : span.to >= chart.now ? span.to : (span.from + span.to) / 2
        chart.glide(zoom(span, at, command.kind === 'in' ? closer : 1 / closer, whole))
        return true
      }
      case 'pan':
        chart.glide(pan(span, ((span.to - span.from) / 2) * command.by, whole))
        return true
      case 'reset':
        this.anchor = null
        chart.zoom(null)
        return true
      case 'cancel':
        return this.cancel()
    }
  }

  /** From where the keys stood last, or the mouse pressed; at first from the newest bar. */
  #step(by: number, isExtending: boolean): void {
    const bars = this.#parts.bars()
    const at = this.cursor === null ? -1 : barAt(bars, this.cursor)
    this.#stand(at < 0 ? bars.length - 1 : at + by, isExtending)
  }

  #stand(at: number, isExtending: boolean): void {
    const bars = this.#parts.bars()
    const bar = bars[Math.max(0, Math.min(bars.length - 1, at))]
    if (!bar) return
    const middle = (bar.from + bar.to) / 2
    this.anchor = isExtending ? (this.anchor ?? this.cursor ?? middle) : null
    this.cursor = middle
    // The keys have the word until the pointer moves again.
    this.isFocused = true
    this.pointer = null
  }
}
