/** It stands for Tocsin as long as it lives: what Windows keeps of the user's choices about it, it keeps under this name. */
const name = 'dev.tocsin'

/** Windows shows notifications of a program that has a name, and asks by it which of them it may show. To be called before anything is shown. */
export function nameForWindows(app: { setAppUserModelId(id: string): void }, platform: string): void {
  if (platform === 'win32') app.setAppUserModelId(name)
}
