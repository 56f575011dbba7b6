/** `opener.ts FROM PROFILE` puts a profile in its place for good, opens its history the way the app does, and closes it. */
import { closeSync, fsyncSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { historyFile } from '../../src/main/profile.ts'
import { openDatabase } from '../../src/main/store/database.ts'

const [, , from = '', profile = ''] = process.argv
for (const name of readdirSync(from)) {
  const file = openSync(join(profile, name), 'w', 0o600)
  writeSync(file, readFileSync(join(from, name)))
  fsyncSync(file)
  closeSync(file)
}
const folder = openSync(profile, 'r')
fsyncSync(folder)
closeSync(folder)
const opened = openDatabase(historyFile(profile))
if (opened.kind === 'opened') opened.db.close()
writeSync(1, `${opened.kind === 'opened' ? 'opened' : opened.detail}\n`)
