/** What stands behind the npm scripts: set-up, then the command. Plain Node >= 18, no packages, since there are none before set-up. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compiledOnce, root, say, setUpBuild, setUpElectron, setUpModules } from './set-up.mjs'
import { ensurePythonModules, ensureTools, openDisplay } from './system.mjs'

const commands = {
  /** npm start -- [--user-data DIR]: the app. */
  async start(args) {
    const { env, electron, display } = await setUpApp()
    setUpBuild(env)
    return finishing(display, run(electron.executable, [...sandboxFlags(), root, ...args], env))
  },

  /** npm run dev: the app, rebuilt and reloaded while its source changes. */
  async dev(args) {
    const { env, display } = await setUpApp()
    return finishing(display, run('node', [electronVite, 'dev', '--', ...sandboxFlags(), ...args], env, root))
  },

  /** npm test: everything, with counts at the end. */
  async test(args) {
    const { env, display } = await setUpApp()
    ensureTestTools()
    return finishing(display, run('node', [script('test.mjs'), ...args], compiledOnce(env), root))
  },

  /** npm run check: format, lint, types and unit tests; needs neither Electron nor a display. */
  async check() {
    const env = await setUpModules()
    if (process.platform === 'linux') ensureTools(unitTools, say)
    return run('node', [script('test.mjs'), 'format', 'lint', 'types', 'unit'], compiledOnce(env), root)
  },

  /** npm run tocsin -- COMMAND: the command line, without a window. */
  async tocsin(args) {
    return run('node', [join(root, 'src', 'cli', 'index.ts'), ...args], compiledOnce(await setUpModules()))
  },

  /** npm run relay:deploy: the Tocsin relay, given to Cloudflare through wrangler. */
  async 'relay:deploy'(args) {
    return run('node', [script('relay.mjs'), 'deploy', ...args], await setUpModules())
  },

  /** npm run relay:token -- list, add NAME or revoke NAME: who may read from the relay. */
  async 'relay:token'(args) {
    return run('node', [script('relay.mjs'), 'token', ...args], await setUpModules())
  },

  /** npm run relay:dev -- [--port PORT] [--folder DIR]: the relay on this computer, for trying out. */
  async 'relay:dev'(args) {
    return run('node', [script('relay.mjs'), 'dev', ...args], await setUpModules())
  },

  /** npm run screenshots -- [--out DIR] [--rows N]: pictures of every view, in both themes and three sizes. */
  async screenshots(args) {
    const { values } = parseArgs({ args, options: { out: { type: 'string' }, rows: { type: 'string' } } })
    const { env, display } = await setUpApp()
    setUpBuild(env)
    if (values.out) env.SCREENSHOTS_OUT = values.out
    if (values.rows) env.SCREENSHOTS_ROWS = values.rows
    return finishing(display, run('playwright', ['test', '-c', 'playwright.screenshots.config.ts'], env, root))
  },

  /** npm run bench -- [ID …] [--rows N] [--json FILE]: what is fast, measured beside a peer in the same run. */
  async bench(args) {
    const bench = (env) => run('node', [join(root, 'bench', 'index.ts'), ...args], env)
    const ids = args.filter((arg) => /^p\d+$/i.test(arg)).map((id) => id.toUpperCase())
    if (ids.length > 0 && !ids.some((id) => windowBenchmarks.includes(id))) return bench(await setUpModules())
    const { env, display } = await setUpApp()
    setUpBuild(env)
    ensureTrayTools()
    return finishing(display, bench(env))
  },
}

/** Those that need the app itself. */
const windowBenchmarks = ['P10', 'P11', 'P12', 'P13', 'P14']
const electronVite = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
const script = (name) => join(root, 'scripts', name)

async function setUpApp() {
  const modules = await setUpModules()
  const electron = await setUpElectron()
  const display = await openDisplay(say)
  return { env: { ...modules, ...electron.env, ...display.env }, electron, display }
}

/** Servers and tools that unit tests run against. */
const unitTools = ['nats-server', 'openssl']

function ensureTestTools() {
  if (process.platform !== 'linux') return
  ensureTools(['strace', 'dbus-launch', ...unitTools], say)
  ensurePythonModules(say)
}

/** What stands in for a desktop whose panel shows tray icons. */
function ensureTrayTools() {
  if (process.platform !== 'linux') return
  ensureTools(['dbus-launch'], say)
  ensurePythonModules(say)
}

/** Chromium's sandbox does not work for root; only these scripts ever pass the flag, the app itself never does. */
function sandboxFlags() {
  if (process.getuid?.() !== 0) return []
  say('running as root: Chromium works without its sandbox here. Use an ordinary account for real work.')
  return ['--no-sandbox']
}

/** Resolves with the exit code. Runs where the user typed the command, so that relative paths mean what they say. */
function run(command, args, env, cwd = process.env.INIT_CWD ?? process.cwd()) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd, env, stdio: 'inherit' })
    const forward = (signal) => child.kill(signal)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward)
    child.on('error', (error) => {
      say(`${command} could not be started: ${error.message}`)
      done(1)
    })
    child.on('exit', (code) => done(code ?? 1))
  })
}

async function finishing(display, running) {
  const code = await running
  display.close()
  return code
}

const [name, ...args] = process.argv.slice(2)
const command = commands[name]
if (!command) {
  say(`unknown command ${JSON.stringify(name ?? '')}; there is ${Object.keys(commands).join(', ')}`)
  process.exit(2)
}
try {
  process.exit(await command(args))
} catch (error) {
  say(error.message)
  process.exit(1)
}
