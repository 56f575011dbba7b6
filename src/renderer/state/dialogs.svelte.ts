/** What lies over the page; one at a time. */
export type Dialog = 'help' | 'palette' | 'export' | 'save-view' | 'views' | 'mute' | 'suppress' | 'label'

export class Dialogs {
  open = $state<Dialog | null>(null)

  show(dialog: Dialog): void {
    this.open = dialog
  }

  /** A dialog that has given way to another says so only afterwards. */
  close(dialog: Dialog): void {
    if (this.open === dialog) this.open = null
  }
}
