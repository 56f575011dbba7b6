/**
 * The Tocsin relay: `deploy` gives it to Cloudflare through wrangler, `token` says who may read from it, `dev` runs it on this computer.
 * Cloudflare is told hashes only. The address to post to and the tokens are printed once and kept nowhere; what is kept here is the
 * token that administers readers, in a file that only its owner can read.
 */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './set-up.mjs'

const deployedName = 'tocsin-relay'
const localName = 'local'
const isWindows = process.platform === 'win32'

const newAddressSecret = () => randomBytes(16).toString('base64url')
const newToken = () => randomBytes(32).toString('base64url')
const hashOf = (secret) => createHash('sha256').update(secret).digest('hex')
const print = (...lines) => console.log(lines.join('\n'))

const commands = {
  /** deploy [--name NAME] [--secret-header] [--new-address] [--take-over] [--url URL]: gives the relay to Cloudflare, or what is new of it. */
  async deploy(args) {
    const { values } = parseArgs({
      args,
      options: {
        name: { type: 'string', default: deployedName },
        'secret-header': { type: 'boolean', default: false },
        'new-address': { type: 'boolean', default: false },
        'take-over': { type: 'boolean', default: false },
        url: { type: 'string' },
      },
    })
    const { name } = values
    const known = readState(name)
    const isThere = await isDeployed(name)
    if (isThere && known === null && !values['take-over']) {
      throw new Error(
        `a relay named ${name} is deployed already, and this computer has no token that administers it. Nothing was changed.\n` +
          `Copy ${stateFile(name)} from the computer that deployed it, or deploy with --take-over to make a new one here:\n` +
          'its address, its readers and what it keeps stay as they are; the old administering token ends.',
      )
    }
    const isNewAddress = !isThere || values['new-address']
    const secret = isNewAddress ? newAddressSecret() : null
    const header = values['secret-header'] ? newAddressSecret() : null
    const admin = isThere && known !== null ? known.admin : newToken()
    const hashes = {
      ADMIN_SHA256: hashOf(admin),
      ...(secret === null ? {} : { MAILBOX_SHA256: hashOf(secret) }),
      ...(header === null ? {} : { SECRET_HEADER_SHA256: hashOf(header) }),
    }
    // Before anything is deployed: a relay that nobody can administer would be of no use.
    writeState(name, { origin: known?.origin ?? null, admin })
    let told
    try {
      told = await deployWorker(name, hashes)
    } catch (error) {
      if (known === null) removeState(name)
      else writeState(name, known)
      throw new Error(`${error.message}. Whatever was deployed before is as it was; there is nothing new to register.`, { cause: error })
    }
    const origin = originOf(values.url ?? told ?? known?.origin ?? undefined)
    writeState(name, { origin, admin })
    if (isThere) print('', `The relay at ${origin} runs the newest version. Its readers, and what it keeps, are as they were.`)
    else print('', `The relay is deployed at ${origin}.`)
    if (secret !== null) {
      print('', 'Register this address at SlashID as the target URL (it is shown only now):', '', `    ${origin}/in/${secret}`)
      if (isThere) print('', 'The address before it ends now: change the target URL at SlashID.')
    }
    if (header !== null) {
      print(
        '',
        'Register this custom header with it (shown only now); the relay refuses posts without it:',
        '',
        `    X-Tocsin-Secret: ${header}`,
      )
    }
    if (!isThere) await addReader(name, 'first', 60_000)
    print(
      '',
      'Safe: Cloudflare has hashes of these only, and keeps deliveries until every reader has them, for 7 days and 10,000 at most.',
      'Next: add a relay under Connections in Tocsin, with the relay and the reader token above, and press "Test this way in".',
      'Each further computer needs a token of its own: npm run relay:token -- add NAME',
    )
  },

  /** token add|revoke|list [NAME] [--relay NAME]: who may read. `--relay local` is the one of relay:dev. */
  async token(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { relay: { type: 'string', default: deployedName } },
    })
    const [verb, reader] = positionals
    const { relay } = values
    if (verb === 'list' && reader === undefined) return listReaders(relay)
    if (verb === 'add' && reader !== undefined) return addReader(relay, reader)
    if (verb === 'revoke' && reader !== undefined) return revokeReader(relay, reader)
    throw new Error('usage: npm run relay:token -- list, add NAME or revoke NAME; --relay local is the relay of relay:dev')
  },

  /** dev [--port PORT] [--folder DIR]: the relay in Cloudflare's own runtime on this computer, until Ctrl+C. What it keeps stays in the folder. */
  async dev(args) {
    const { values } = parseArgs({ args, options: { port: { type: 'string', default: '8788' }, folder: { type: 'string' } } })
    const port = Number(values.port)
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${values.port} is not a port`)
    const folder = values.folder ?? join(stateFolder(), localName)
    for (const one of [stateFolder(), folder]) mkdirSync(one, { recursive: true, mode: 0o700 })
    const known = readState(localName)
    const state = { secret: newAddressSecret(), admin: newToken(), token: newToken(), ...known }
    const { startLocalRelay } = await import('../src/relay/local.ts')
    const relay = await startLocalRelay({
      folder,
      port,
      configuration: { MAILBOX_SHA256: hashOf(state.secret), ADMIN_SHA256: hashOf(state.admin) },
    })
    try {
      writeState(localName, { ...state, origin: relay.origin })
      const added = await ask(localName, 'PUT', '/readers/first', hashOf(state.token))
      if (added.status !== 200 && added.status !== 409) throw new Error(`the relay did not take its first reader (${added.status})`)
      print(
        `A relay runs on this computer, and keeps what it receives in ${folder}.`,
        '',
        `    post to       ${relay.origin}/in/${state.secret}`,
        `    relay         ${relay.origin}`,
        `    reader token  ${state.token}`,
        '',
        'Only programs on this computer reach it: it is for trying out, not for SlashID. Ctrl+C ends it.',
      )
      await new Promise((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve)
      })
    } finally {
      await relay.stop()
    }
  },
}

async function listReaders(relay) {
  const answer = await ask(relay, 'GET', '/readers')
  if (answer.status !== 200) throw new Error(explain(relay, answer.status))
  const readers = await answer.json()
  if (readers.length === 0) return print('No reader yet: npm run relay:token -- add NAME')
  for (const { name, isConnected, waiting, addedAt, acknowledgedAt } of readers) {
    const seen = acknowledgedAt === null ? 'has read nothing yet' : `last read ${acknowledgedAt}`
    print(`${name}  ${isConnected ? 'connected' : 'away'}, ${waiting} waiting, ${seen}, added ${addedAt}`)
  }
}

/** A Worker that was deployed just now may take a moment to answer everywhere: it is asked for so long. */
async function addReader(relay, reader, withinMs = 0) {
  const token = newToken()
  const until = Date.now() + withinMs
  let answer
  for (;;) {
    answer = await ask(relay, 'PUT', `/readers/${encodeURIComponent(reader)}`, hashOf(token)).catch((error) => {
      if (Date.now() >= until) throw error
      return null
    })
    if (answer !== null && (Date.now() >= until || (answer.status !== 404 && answer.status < 500))) break
    await new Promise((resolve) => setTimeout(resolve, 2_000))
  }
  if (answer.status === 409) throw new Error(`there is a reader ${reader} already. Revoke it first, or take another name.`)
  if (answer.status === 400) throw new Error(`${JSON.stringify(reader)} is no name: letters, digits, '.', '_' and '-', 64 at most.`)
  if (answer.status === 507) throw new Error('this relay has 32 readers, which is all it takes. Revoke one that is not used.')
  if (answer.status !== 200) throw new Error(explain(relay, answer.status))
  print(
    '',
    `The reader token of ${reader}, for one computer only (it is shown only now):`,
    '',
    `    relay         ${access(relay).origin}`,
    `    reader token  ${token}`,
  )
}

async function revokeReader(relay, reader) {
  const answer = await ask(relay, 'DELETE', `/readers/${encodeURIComponent(reader)}`)
  if (answer.status === 404) {
    const { status } = await ask(relay, 'GET', '/readers')
    throw new Error(
      status === 200 ? `there is no reader ${reader}. npm run relay:token -- list shows who there is.` : explain(relay, status),
    )
  }
  if (answer.status !== 200) throw new Error(explain(relay, answer.status))
  print(`${reader} is let in no more, and its connection is closed. What it already fetched is still on that computer.`)
}

function explain(relay, status) {
  if (status === 404)
    return `the relay at ${access(relay).origin} does not know this computer's administering token (404). Nothing was changed.`
  return `the relay at ${access(relay).origin} answered ${status}. Nothing was changed; try again in a moment.`
}

function ask(relay, method, path, body) {
  const { origin, admin } = access(relay)
  const options = { method, headers: { authorization: `Bearer ${admin}` }, redirect: 'error', signal: AbortSignal.timeout(15_000) }
  return fetch(`${origin}${path}`, body === undefined ? options : { ...options, body }).catch((error) => {
    const reason = error.cause?.code ?? error.cause?.message ?? error.message
    throw new Error(`the relay at ${origin} cannot be reached (${reason}). Nothing was changed.`)
  })
}

/** Where a relay is and what administers it: from the environment, else from the file of the computer that deployed it. */
function access(relay) {
  const { TOCSIN_RELAY_URL: url, TOCSIN_RELAY_ADMIN_TOKEN: admin } = process.env
  if (url && admin) return { origin: originOf(url), admin }
  const state = readState(relay)
  if (state?.origin) return state
  throw new Error(
    `this computer knows no relay named ${relay}: ${stateFile(relay)} is not there.\n` +
      'Deploy one with npm run relay:deploy, or set TOCSIN_RELAY_URL and TOCSIN_RELAY_ADMIN_TOKEN.',
  )
}

/** The administering token must not travel in the clear. */
function originOf(text) {
  const url = URL.parse(text ?? '')
  const isLoopback = url !== null && (/^127\.\d+\.\d+\.\d+$/.test(url.hostname) || url.hostname === '[::1]')
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return url.origin
  throw new Error(
    text === undefined
      ? 'wrangler did not say where the relay is. It is deployed; run relay:deploy again with --url https://… to go on.'
      : `${text} is not an address of a relay: it begins with https://`,
  )
}

function stateFolder() {
  const { XDG_CONFIG_HOME, APPDATA } = process.env
  if (isWindows && APPDATA) return join(APPDATA, 'tocsin-relay')
  return join(XDG_CONFIG_HOME || join(homedir(), '.config'), 'tocsin-relay')
}

function stateFile(name) {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
    throw new Error(`${JSON.stringify(name)} is no name of a relay: small letters, digits and '-'`)
  return join(stateFolder(), `${name}.json`)
}

function readState(name) {
  const file = stateFile(name)
  try {
    const { admin, ...rest } = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof admin !== 'string') throw new Error('it names no token')
    return { admin, ...rest }
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw new Error(`${file} cannot be used: ${error.message}. Nothing was changed.`, { cause: error })
  }
}

function writeState(name, state) {
  const file = stateFile(name)
  mkdirSync(stateFolder(), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

function removeState(name) {
  rmSync(stateFile(name), { force: true })
}

const configuration = join(root, 'resources', 'relay', 'wrangler.jsonc')

async function isDeployed(name) {
  const { code, output } = await wrangler(['secret', 'list', '--name', name, '--format', 'json', '--config', configuration], {
    isQuiet: true,
  })
  if (code === 0) {
    if (output.includes('MAILBOX_SHA256')) return true
    throw new Error(`there is a Worker named ${name} that is no Tocsin relay. Nothing was changed. Choose another name: --name NAME`)
  }
  // Cloudflare's own number for a Worker that does not exist.
  if (/10007|does not exist|not found/i.test(output)) return false
  throw new Error(
    `wrangler could not ask Cloudflare whether there is a relay named ${name}:\n${output.trim()}\nNothing was changed. To log in: npx wrangler login`,
  )
}

/** Resolves with where the Worker is, where wrangler says so. */
async function deployWorker(name, hashes) {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-relay-deploy-'))
  try {
    const secrets = join(folder, 'hashes.json')
    const report = join(folder, 'report.ndjson')
    writeFileSync(secrets, JSON.stringify(hashes), { mode: 0o600 })
    const { code } = await wrangler(['deploy', '--name', name, '--secrets-file', secrets, '--config', configuration], {
      env: { WRANGLER_OUTPUT_FILE_PATH: report },
    })
    if (code !== 0) throw new Error(`wrangler ended with ${code}`)
    const told = readFileSync(report, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
    return told.find(({ type }) => type === 'deploy')?.targets?.find((target) => /^https?:/.test(target))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function wrangler(args, { isQuiet = false, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn('wrangler', args, {
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', ...env },
      stdio: isQuiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      shell: isWindows,
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (part) => (output += part))
    child.on('error', (error) => reject(new Error(`wrangler could not be started: ${error.message}. Nothing was changed.`)))
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

const [name, ...args] = process.argv.slice(2)
try {
  if (!Object.hasOwn(commands, name ?? ''))
    throw new Error(`unknown command ${JSON.stringify(name ?? '')}; there is ${Object.keys(commands).join(', ')}`)
  await commands[name](args)
} catch (error) {
  console.error(`tocsin: ${error.message}`)
  process.exitCode = 1
}
