/** Escape leaves the field first; only the next one closes what the field stands in. */
export function leaveOnEscape(event: KeyboardEvent): void {
  if (event.key !== 'Escape' || event.isComposing || !(event.currentTarget instanceof HTMLElement)) return
  event.preventDefault()
  event.stopPropagation()
  event.currentTarget.blur()
}
