import type { Paint, Shape } from './shapes.ts'

export type Palette = {
  readonly colours: Readonly<Record<Paint, { readonly colour: string; readonly alpha: number }>>
  readonly font: string
}

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
      [`${name}-soft`]: of(name, 0.58),
      [`${name}-wash`]: isForced ? of('ground') : of(name, 0.14),
      [`${name}-edge`]: of(name, 0.75),
      [`${name}-far`]: of(name, 0.72),
    }) as Record<H | `${H}-${'soft' | 'wash' | 'edge' | 'far'}`, { colour: string; alpha: number }>
  return {
    font: style.fontFamily,
    colours: {
      ...hue('threat'),
      ...hue('posture'),
      line: of('line'),
      tick: of('line-strong', 0.45),
      gap: of('line-strong', 0.55),
      'gap-lost': of('text-2', 0.9),
      'gap-ground': of('sunken', 0.55),
      hover: isForced ? { colour: 'Canvas', alpha: 1 } : of('selected'),
      chosen: isForced ? { colour: 'Canvas', alpha: 1 } : of('selected'),
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
    } else if (shape.kind === 'rects') {
      context.fillStyle = colour
      for (let i = 0; i < shape.at.length; i += 4)
        context.fillRect(shape.at[i] ?? 0, shape.at[i + 1] ?? 0, shape.at[i + 2] ?? 0, shape.at[i + 3] ?? 0)
    } else {
      context.strokeStyle = colour
      context.lineWidth = hair
      context.beginPath()
      for (let i = 0; i < shape.at.length; i += 4) {
        context.moveTo(shape.at[i] ?? 0, shape.at[i + 1] ?? 0)
        context.lineTo(shape.at[i + 2] ?? 0, shape.at[i + 3] ?? 0)
      }
      context.stroke()
    }
  }
  context.globalAlpha = 1
}
