import type { Database } from './database.ts'

/** What is kept of a secret: sealed bytes that only the system's keychain opens, or the place to read it from. */
export type KeptSecret =
  { readonly kind: 'sealed'; readonly ciphertext: Uint8Array } | { readonly kind: 'reference'; readonly reference: string }

export type SecretRows = {
  read(name: string): KeptSecret | null
  write(name: string, secret: KeptSecret): void
  remove(name: string): void
}

type SecretRow = { readonly ciphertext: Uint8Array | null; readonly reference: string | null }

export function createSecretRows(db: Database): SecretRows {
  const get = db.prepare<[string], SecretRow>('SELECT ciphertext, reference FROM secrets WHERE name = ?')
  const put = db.prepare<[string, Uint8Array | null, string | null]>(`
    INSERT INTO secrets (name, ciphertext, reference) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET ciphertext = excluded.ciphertext, reference = excluded.reference`)
  const drop = db.prepare<[string]>('DELETE FROM secrets WHERE name = ?')

  return {
    read(name) {
      const row = get.get(name)
      if (row === undefined) return null
      if (row.reference !== null) return { kind: 'reference', reference: row.reference }
      return row.ciphertext === null ? null : { kind: 'sealed', ciphertext: row.ciphertext }
    },
    write(name, secret) {
      put.run(name, secret.kind === 'sealed' ? secret.ciphertext : null, secret.kind === 'reference' ? secret.reference : null)
    },
    remove: (name) => void drop.run(name),
  }
}
