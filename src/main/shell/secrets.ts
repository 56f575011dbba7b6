import type { SafeStorage } from 'electron'
import type { Keychain } from '../secrets.ts'

/** What is asked of Electron. Its older releases cannot name the backend. */
export type Storage = Pick<SafeStorage, 'isEncryptionAvailable' | 'encryptString' | 'decryptString'> & {
  readonly getSelectedStorageBackend?: () => string
}

/** The system's keychain through Electron's safeStorage, after the app is ready. */
export function createKeychain(storage: Storage, platform: NodeJS.Platform): Keychain {
  return {
    isThere() {
      if (platform === 'linux' && !guardedBackends.includes(storage.getSelectedStorageBackend?.() ?? '')) return false
      return storage.isEncryptionAvailable()
    },
    seal: (text) => storage.encryptString(text),
    open: (sealed) => storage.decryptString(Buffer.from(sealed)),
  }
}

/** On Linux Electron also "encrypts" with a key that everybody knows (`basic_text`): only these are guarded by the user's login. */
const guardedBackends: readonly string[] = ['gnome_libsecret', 'kwallet', 'kwallet5', 'kwallet6']
