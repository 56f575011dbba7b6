import { paint, readPalette, type Palette } from './paint.ts'
import type { Shape } from './shapes.ts'

/** What the screen is like: read when it changes, not when something is drawn. */
export type Screen = { readonly palette: Palette; readonly ratio: number; readonly isForced: boolean }

/** Tells how the screen is, and again whenever the theme, the forced colours or the pixels of the screen change, until the returned function is called. */
export function watchScreen(element: Element, tell: (screen: Screen) => void): () => void {
  const forced = matchMedia('(forced-colors: active)')
  const dark = matchMedia('(prefers-color-scheme: dark)')
  let density: MediaQueryList | null = null
  const look = (): void => {
    density?.removeEventListener('change', look)
    density = matchMedia(`(resolution: ${devicePixelRatio}dppx)`)
    density.addEventListener('change', look)
    tell({ palette: readPalette(element, forced.matches), ratio: devicePixelRatio, isForced: forced.matches })
  }
  const themes = new MutationObserver(look)
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  // The colours that the system forces change with its own theme.
  for (const query of [forced, dark]) query.addEventListener('change', look)
  look()
  return () => {
    themes.disconnect()
    for (const query of [forced, dark, density]) query?.removeEventListener('change', look)
  }
}

type Drawing = { readonly width: number; readonly height: number; readonly screen: Screen; readonly shapes: readonly Shape[] }

/** Draws what was given last, once before the next frame is shown, however often it was given. */
export function createCanvas(canvas: HTMLCanvasElement) {
  const context = canvas.getContext('2d')
  let next: Drawing | null = null
  let frame = 0

  function draw(): void {
    frame = 0
    if (!next || !context) return
    const { width, height, screen, shapes } = next
    const [wide, high] = [Math.round(width * screen.ratio), Math.round(height * screen.ratio)]
    // Setting a size clears the canvas and gives its memory back: only where it is another.
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high })
    context.setTransform(screen.ratio, 0, 0, screen.ratio, 0, 0)
    context.clearRect(0, 0, width, height)
    paint(context, shapes, screen.palette, Math.max(1, Math.round(screen.ratio)) / screen.ratio)
  }

  return {
    show(drawing: Drawing): void {
      next = drawing
      frame ||= requestAnimationFrame(draw)
    },
    stop(): void {
      cancelAnimationFrame(frame)
      next = null
    },
  }
}
