import type { Flat, Paint, Shape } from './shapes.ts'

export type Palette = {
  readonly colours: Readonly<Record<Paint, { readonly colour: string; readonly alpha: number }>>
  readonly font: string
}

// A wash over the bars is no longer one in forced colours: the frames around them say it.
const nothing = { colour: 'transparent', alpha: 0 } as const

/** The tokens of the theme that stands on an element. Read once per theme: it makes the browser work out its styles. */
export function readPalette(element: Element, isForced: boolean): Palette {
  const style = getComputedStyle(element)
  const of = (token: string, alpha = 1) => ({
    colour: style.getPropertyValue(`--${token}`).trim() || 'CanvasText',
    alpha: isForced ? 1 : alpha,
  })
  const hue = <H extends 'threat' | 'posture'>(name: H) =>
    ({
      [name]: of(name),
      [`${name}-soft`]: of(name, 0.6),
      [`${name}-wash`]: isForced ? of('ground') : of(name, 0.16),
      [`${name}-edge`]: of(name, 0.5),
      [`${name}-far`]: of(name, 0.72),
    }) as Record<H | `${H}-${'soft' | 'wash' | 'edge' | 'far'}`, { colour: string; alpha: number }>
  return {
    font: style.fontFamily,
    colours: {
      ...hue('threat'),
      ...hue('posture'),
      line: of('line'),
      tick: of('line-strong', 0.45),
      gap: of('line-strong', 0.45),
      'gap-lost': of('line-strong', 0.95),
      'gap-ground': of('sunken', 0.55),
      hover: isForced ? nothing : of('text', 0.1),
      chosen: isForced ? nothing : of('text', 0.08),
      shade: isForced ? { colour: 'Canvas', alpha: 0.6 } : of('ground', 0.68),
      frame: of('line-strong'),
      text: of('text'),
      'text-2': of('text-2'),
      'text-3': of('text-3'),
    },
  }
}

/** Draws shapes in their order, each paint in one go. */
export function paint(context: CanvasRenderingContext2D, shapes: readonly Shape[], { colours, font }: Palette, hair: number): void {
  for (const shape of shapes) {
    const { colour, alpha } = colours[shape.paint]
    context.globalAlpha = alpha
    if (shape.kind === 'text') {
      context.font = `${shape.isStrong ? '600' : '400'} 11px ${font}`
      context.textAlign = shape.align
      context.textBaseline = 'middle'
      context.fillStyle = colour
      context.fillText(shape.text, shape.x, shape.y)
    } else {
      context.fillStyle = colour
      context.strokeStyle = colour
      context.lineWidth = hair
      context.setLineDash(shape.kind === 'dashes' ? [hair, 3 * hair] : [])
      paintFlat(context, shape.kind, shape.at, hair)
    }
  }
  context.globalAlpha = 1
}

function paintFlat(context: CanvasRenderingContext2D, kind: Flat, at: readonly number[], hair: number): void {
  if (kind === 'lines' || kind === 'dashes') context.beginPath()
  for (let i = 0; i < at.length; i += 4) {
    const [x = 0, y = 0, third = 0, fourth = 0] = [at[i], at[i + 1], at[i + 2], at[i + 3]]
    if (kind === 'rects') context.fillRect(x, y, third, fourth)
    else if (kind === 'frames') context.strokeRect(x + hair / 2, y + hair / 2, Math.max(0, third - hair), Math.max(0, fourth - hair))
    else {
      context.moveTo(x, y)
      context.lineTo(third, fourth)
    }
  }
  if (kind === 'lines' || kind === 'dashes') context.stroke()
}
