/** What a rejected request says for itself, in a form fit for the screen. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : 'The app did not answer.'
}
