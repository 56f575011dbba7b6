/** What the operating system has to bring: shared libraries, a display, the tools of the tests. Debian's packages where we may install them. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const electronPackages = [
  ...['libgtk-3-0', 'libnss3', 'libasound2', 'libgbm1', 'libxss1', 'libnotify4', 'libsecret-1-0', 'libatspi2.0-0', 'libdrm2', 'libxtst6'],
  'fonts-dejavu-core',
]
const toolPackages = {
  Xvfb: ['xvfb', 'xauth'],
  gcc: ['gcc'],
  'g++': ['g++'],
  strace: ['strace'],
  'dbus-launch': ['dbus', 'dbus-x11'],
  'nats-server': ['nats-server'],
  openssl: ['openssl'],
}

const pythonPackages = { dbusmock: 'python3-dbusmock', jwt: 'python3-jwt' }

/** Makes sure Electron can load on Linux; throws with the one command to type where we may not install. */
export function ensureElectronLibraries(electron, say) {
  if (process.platform !== 'linux') return
  const missing = missingLibraries(electron)
  if (missing.length === 0) return
  install(
    electronPackages,
    `Electron lacks ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more` : ''}`,
    say,
  )
  const still = missingLibraries(electron)
  if (still.length > 0) throw new Error(`Electron still lacks these shared libraries: ${still.join(', ')}`)
}

/** Makes sure these commands can be run (names of `toolPackages`). */
export function ensureTools(names, say) {
  const missing = names.filter((name) => !isCommand(name))
  if (missing.length > 0)
    install(
      missing.flatMap((name) => toolPackages[name]),
      `${missing.join(', ')} not found`,
      say,
    )
}

/** Makes sure that Debian's Python has what the tests stand in for others with: a notification service, another language's JWT library. */
export function ensurePythonModules(say) {
  const missing = Object.entries(pythonPackages).filter(
    ([module]) => spawnSync('/usr/bin/python3', ['-c', `import ${module}`], { stdio: 'ignore' }).status !== 0,
  )
  if (missing.length > 0)
    install(
      missing.map(([, name]) => name),
      `Python lacks ${missing.map(([module]) => module).join(', ')}`,
      say,
    )
}

/** A display for windows: the user's own, or a virtual one that ends with `close()`. */
export async function openDisplay(say) {
  const own = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY
  if (own) return { env: {}, close: () => {} }
  ensureTools(['Xvfb'], say)
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1440x900x24', '-nolisten', 'tcp'], {
    // Out of reach of Ctrl+C, which goes to the whole group: the app needs its display to quit in order.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const display = await new Promise((done, failed) => {
    server.on('error', failed)
    server.on('exit', (code) => failed(new Error(`the virtual display (Xvfb) ended with ${code}`)))
    server.stdio[3].once('data', (number) => done(`:${String(number).trim()}`))
  })
  server.removeAllListeners('exit')
  say(`no display here: using a virtual one (Xvfb ${display})`)
  // A dialog that nobody can see would wait for ever.
  return { env: { DISPLAY: display, TOCSIN_NO_DIALOG: '1' }, close: () => server.kill() }
}

function install(packages, why, say) {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`
  const mayInstall = process.getuid?.() === 0 && isCommand('apt-get')
  if (!mayInstall) throw new Error(`${why}. Nothing was changed. Install it with:\n\n    sudo ${command}\n`)
  say(`${why}: installing ${packages.join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (args) => execFileSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    apt(['update'])
    apt(['install', '-y', '--no-install-recommends', ...packages])
  } catch {
    throw new Error(`${why}, and installing it failed. Try by hand:\n\n    ${command}\n`)
  }
}

function missingLibraries(binary) {
  const { stdout } = spawnSync('ldd', [binary], { encoding: 'utf8' })
  return [...(stdout ?? '').matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1])
}

function isCommand(name) {
  // Servers are where an ordinary user's PATH does not look.
  return [...process.env.PATH.split(delimiter), '/usr/sbin'].some((folder) => existsSync(join(folder, name)))
}
