/** What lies over the page; one at a time. */
export type Dialog = 'help' | 'palette' | 'export' | 'save-view' | 'views'

export class Dialogs {
  open = $state<Dialog | null>(null)

  show(dialog: Dialog): void {
    this.open = dialog
  }

  close(): void {
    this.open = null
  }
}
