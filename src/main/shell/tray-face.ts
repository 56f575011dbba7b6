import { healthWord, type Health } from '../../shared/health.ts'

/** What the tray shows of the app. The image is told apart by its shape, never by colour alone. */
export type TrayFace = { readonly image: 'listening' | 'trouble'; readonly status: string; readonly tooltip: string }

export function trayFace(health: Health, unread: number): TrayFace {
  const word = healthWord(health)
  const status = unread === 0 ? capitalised(word) : `${capitalised(word)}, ${unread} unread`
  return {
    image: word === 'listening' || word === 'starting' ? 'listening' : 'trouble',
    status,
    tooltip: `Tocsin: ${word}${unread === 0 ? '' : `, ${unread} unread`}`,
  }
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
