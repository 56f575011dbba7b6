import type { Settings } from '../../shared/settings.ts'

/** Shows a theme, and for `system` follows what the system prefers until the returned function is called. */
export function watchTheme(theme: Settings['theme'], root: HTMLElement, prefersDark: MediaQueryList): () => void {
  const show = () => {
    root.dataset.theme = theme === 'system' ? (prefersDark.matches ? 'dark' : 'light') : theme
  }
  show()
  prefersDark.addEventListener('change', show)
  return () => prefersDark.removeEventListener('change', show)
}
