import type { Status, Trust } from '../../shared/detection.ts'
import { fills, strokes } from '../ui/Icon.svelte'

/** A path of an icon, and how it is drawn. */
type Shape = { readonly path: string; readonly how: 'fill' | 'stroke' }

/** The three that SlashID documents; any other word is shown as it came, with a shape that says so. */
const shapes: ReadonlyMap<string, Shape> = new Map([
  ['detected', { path: fills.dot, how: 'fill' }],
  ['ongoing', { path: strokes.loop, how: 'stroke' }],
  ['resolved', { path: strokes.checked, how: 'stroke' }],
])
const other: Shape = { path: strokes.dashed, how: 'stroke' }

export function statusShape(status: Status): Shape {
  return shapes.get(status) ?? other
}

export const trustShapes: Readonly<Record<Trust, string>> = { verified: strokes.check, late: strokes.clock, unsigned: strokes.ring }
