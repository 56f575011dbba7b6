import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const source = join(root, 'src')
const resources = join(root, 'resources/ingress')

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-ingress-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs until it has printed its address, or ended; resolves with all it said. */
async function sayOf(args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] } })
  let said = ''
  const heard = (part: Buffer): void => {
    said += part.toString()
    if (said.includes('/in/')) child.kill('SIGTERM')
  }
  child.stdout.on('data', heard)
  child.stderr.on('data', heard)
  await new Promise((resolve) => child.on('close', resolve))
  return said
}

type Instruction = { readonly name: string; readonly rest: string }

/** The stages of a Dockerfile, each with its instructions. */
function stagesOf(text: string): Instruction[][] {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '')
  const stages: Instruction[][] = []
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? []
    expect(['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'VOLUME', 'USER', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT'], line).toContain(name)
    if (name === 'FROM') stages.push([])
    stages.at(-1)?.push({ name, rest })
  }
  return stages
}

describe('the Dockerfile', () => {
  const stages = stagesOf(readFileSync(join(resources, 'Dockerfile'), 'utf8'))
  const last = stages.at(-1) ?? []
  const only = (name: string): string => {
    const found = last.filter((one) => one.name === name)
    expect(found, name).toHaveLength(1)
    return found[0]?.rest ?? ''
  }
  const command = JSON.parse(only('ENTRYPOINT')) as string[]

  test('listens on every address of the container, on the port it exposes and asks for its health, as nobody of importance', () => {
    expect(command.slice(0, 3)).toEqual(['node', 'src/cli/index.ts', 'ingress'])
    expect(command[command.indexOf('--listen') + 1]).toBe('0.0.0.0:8080')
    expect(only('EXPOSE')).toBe('8080')
    expect(only('HEALTHCHECK')).toContain('http://127.0.0.1:8080/healthz')
    expect(only('USER')).toBe('node')
    expect(command[command.indexOf('--secret-file') + 1]?.startsWith(`${only('VOLUME')}/`)).toBe(true)
    expect(
      stages
        .flat()
        .filter(({ rest }) => /npm (ci|install)/.test(rest))
        .every(({ rest }) => rest.includes('--ignore-scripts')),
    ).toBe(true)
  })

  test('copies what the command needs, and neither Electron nor SQLite: what it copies runs', async () => {
    const folder = temporaryFolder()
    for (const { name, rest } of last) {
      if (name !== 'COPY') continue
      const [from = '', to = ''] = rest.replace(/^--from=\S+ /, '').split(' ')
      const origin = join(root, from.replace(/^\/build\//, ''))
      expect(existsSync(origin), from).toBe(true)
      const target = to.endsWith('/') ? join(folder, to, from) : join(folder, to)
      mkdirSync(dirname(target), { recursive: true })
      cpSync(origin, target, { recursive: true, dereference: true })
    }
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).toContain('"type": "module"')
    for (const absent of ['better-sqlite3', 'electron', 'zod']) expect(existsSync(join(folder, 'node_modules', absent))).toBe(false)
    const args = command
      .slice(1)
      .map((arg) => (arg.startsWith('/var/lib/') ? join(folder, 'secret') : arg === '0.0.0.0:8080' ? '0.0.0.0:0' : arg))
    const said = await sayOf([...args, '--nats', 'nats://127.0.0.1:1', '--host', 'hooks.example.com'], folder)
    expect(said).toMatch(/https:\/\/hooks\.example\.com\/in\/[A-Za-z0-9_-]{22}/)
    expect(said).toMatch(/Listening on 0\.0\.0\.0:\d+/)
  })
})

describe('the systemd unit', () => {
  const file = join(resources, 'tocsin-ingress.service')
  const text = readFileSync(file, 'utf8')
  const settings = new Map([...text.matchAll(/^([A-Za-z]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]))

  test('runs the command with options it has, on loopback, restarted, and with little to reach', async () => {
    const words = (settings.get('ExecStart') ?? '').split(' ')
    expect(words.slice(1, 3)).toEqual(['/opt/tocsin/src/cli/index.ts', 'ingress'])
    expect(words[words.indexOf('--listen') + 1]).toBe('127.0.0.1:8080')
    const folder = temporaryFolder()
    const given: Readonly<Record<string, string>> = {
      '/opt/tocsin/src/cli/index.ts': join(source, 'cli/index.ts'),
      '127.0.0.1:8080': '127.0.0.1:0',
      '${NATS_URL}': 'nats://127.0.0.1:1',
      '${PUBLIC_NAME}': 'hooks.example.com',
      '${STATE_DIRECTORY}/secret': join(folder, 'secret'),
    }
    expect(
      await sayOf(
        words.slice(1).map((word) => given[word] ?? word),
        folder,
      ),
    ).toContain('https://hooks.example.com/in/')
    expect(settings.get('StandardOutput'), 'the address is a secret').toBe('null')
    expect(settings.get('Restart')).toBe('always')
    expect([settings.get('DynamicUser'), settings.get('ProtectSystem'), settings.get('CapabilityBoundingSet')]).toEqual([
      'yes',
      'strict',
      '',
    ])
  })

  test('is one that systemd understands', ({ skip }) => {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) skip('systemd-analyze is not on this machine')
    const folder = temporaryFolder()
    const copy = join(folder, 'tocsin-ingress.service')
    // Node is elsewhere here; the rest is verified as it is.
    writeFileSync(copy, text.replace('/opt/node/bin/node', process.execPath))
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' })
    const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('tocsin-ingress.service'))
    expect(complaints).toEqual([])
    expect(status, stderr).toBe(0)
    writeFileSync(copy, text.replace('ProtectSystem=strict', 'ProtectSystem=sometimes'))
    expect(spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' }).stderr).toContain('sometimes')
  })
})

describe('what it needs', () => {
  test('is neither SQLite nor Electron: not in what it imports', () => {
    const packages = new Set<string>()
    const seen = new Set<string>()
    const walk = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      const text = readFileSync(file, 'utf8')
      for (const [, isType, from = ''] of text.matchAll(/^(?:import|export) (type )?(?:[^'"]*? from )?['"]([^'"]+)['"]/gm)) {
        if (isType !== undefined) continue
        if (from.startsWith('.')) walk(resolve(dirname(file), from))
        else if (!from.startsWith('node:')) packages.add(from)
      }
    }
    walk(join(source, 'cli', 'ingress.ts'))
    expect([...packages].sort()).toEqual(['@nats-io/jetstream', '@nats-io/transport-node', '@nats-io/transport-node/lib/node_transport.js'])
    const folders = new Set([...seen].map((file) => relative(source, dirname(file))))
    expect([...folders].sort()).toEqual(['cli', 'main/inlets', 'shared'])
  })

  test('nor in what the process loads', async () => {
    const folder = temporaryFolder()
    const hook = join(folder, 'hook.mjs')
    writeFileSync(
      hook,
      `import { registerHooks } from 'node:module'
       registerHooks({ resolve(name, context, next) {
         const resolved = next(name, context)
         process.stderr.write('LOADED ' + resolved.url + '\\n')
         return resolved
       } })`,
    )
    const args = ['--import', hook, join(source, 'cli/index.ts'), 'ingress', '--listen', '0', '--nats', 'nats://127.0.0.1:1']
    const loaded = (await sayOf(args, folder)).split('\n').filter((line) => line.startsWith('LOADED'))
    expect(loaded.join('\n')).toContain('transport-node')
    expect(loaded.filter((line) => /better-sqlite3|electron|\/zod\/|main\/store|main\/core/.test(line))).toEqual([])
  })
})
