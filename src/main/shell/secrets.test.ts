import { describe, expect, test } from 'vitest'
import { createKeychain, type Storage } from './secrets.ts'

function storage(isAvailable: boolean, backend?: string): Storage {
  return {
    isEncryptionAvailable: () => isAvailable,
    encryptString: (text) => Buffer.from(text, 'utf8').reverse(),
    decryptString: (bytes) => Buffer.from(bytes).reverse().toString('utf8'),
    ...(backend === undefined ? {} : { getSelectedStorageBackend: () => backend }),
  }
}

describe('a keychain is trusted', () => {
  test.each([
    ['linux', true, 'gnome_libsecret', true],
    ['linux', true, 'kwallet6', true],
    ['linux', false, 'gnome_libsecret', false],
    // Everybody knows this one's password.
    ['linux', true, 'basic_text', false],
    ['linux', true, 'unknown', false],
    // Electron 25 cannot say what it would use.
    ['linux', true, undefined, false],
    ['darwin', true, undefined, true],
    ['darwin', false, undefined, false],
    ['win32', true, undefined, true],
    ['win32', false, undefined, false],
  ] as const)('on %s, available %s, backend %s: %s', (platform, isAvailable, backend, isTrusted) => {
    expect(createKeychain(storage(isAvailable, backend), platform).isThere()).toBe(isTrusted)
  })

  test('and gives back what it sealed, also from bytes that are no Buffer', () => {
    const keychain = createKeychain(storage(true), 'darwin')
    expect(keychain.open(new Uint8Array(keychain.seal('word')))).toBe('word')
  })
})
