import { app, BrowserWindow, dialog } from 'electron'
import { startTroubleWords, type StartTrouble } from './start-trouble.ts'

/** Says why the app cannot start, on stderr and in a dialog, and ends it with exit code 1. `silent` leaves the dialog out. */
export function failToStart(trouble: StartTrouble, options: { readonly silent: boolean } = { silent: false }): void {
  const { title, text } = startTroubleWords(trouble)
  process.stderr.write(`${title}\n${text}\n`)
  // Waits until the user has read it: after it there is nothing left that could say so.
  if (!options.silent) dialog.showErrorBox(title, text)
  app.exit(1)
}

/** Offers the next step after the window crashed too often. Resolves with what the user chose. */
export async function askAfterCrash(detail: string): Promise<'open' | 'leave' | 'quit'> {
  const choices = ['open', 'leave', 'quit'] as const
  const { response } = await dialog.showMessageBox({
    type: 'error',
    title: 'Tocsin',
    message: 'The window was closed after it crashed',
    detail,
    buttons: ['Open it again', 'Leave it closed', 'Quit Tocsin'],
    defaultId: 0,
    cancelId: 1,
    noLink: true,
  })
  return choices[response] ?? 'leave'
}

/**
 * Asks whether something may be done that only a person may grant. Doing nothing is what Enter and Escape do, and the answer where
 * nobody sits in front of the screen.
 */
export async function confirm({ message, detail }: { readonly message: string; readonly detail: string }): Promise<boolean> {
  if (process.env['TOCSIN_NO_DIALOG'] === '1') return false
  const options = {
    type: 'warning' as const,
    title: 'Tocsin',
    message,
    detail,
    buttons: ['Cancel', 'Allow'],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  }
  const window = BrowserWindow.getFocusedWindow()
  const { response } = await (window === null ? dialog.showMessageBox(options) : dialog.showMessageBox(window, options))
  return response === 1
}

type FileKind = { readonly name: string; readonly extensions: string[] }

/** Asks where a file is to be written; null where the user would rather not. */
export async function chooseWhereToSave(wanted: {
  readonly title: string
  readonly name: string
  readonly kind: FileKind
}): Promise<string | null> {
  const options = { title: wanted.title, defaultPath: wanted.name, filters: [wanted.kind] }
  const window = BrowserWindow.getFocusedWindow()
  const { canceled, filePath } = await (window === null ? dialog.showSaveDialog(options) : dialog.showSaveDialog(window, options))
  return canceled || !filePath ? null : filePath
}

/** Asks which files are to be read; null where the user would rather not. */
export async function chooseToOpen({
  title,
  kind,
}: {
  readonly title: string
  readonly kind: FileKind
}): Promise<readonly string[] | null> {
  const options = {
    title,
    filters: [kind, { name: 'All files', extensions: ['*'] }],
    properties: ['openFile' as const, 'multiSelections' as const],
  }
  const window = BrowserWindow.getFocusedWindow()
  const { canceled, filePaths } = await (window === null ? dialog.showOpenDialog(options) : dialog.showOpenDialog(window, options))
  return canceled || filePaths.length === 0 ? null : filePaths
}
