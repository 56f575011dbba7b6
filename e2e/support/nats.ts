import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './app.ts'

export type TeamStream = {
  /** Of the NATS server. */
  readonly url: string
  /** The target URL to post to: the ingress. */
  readonly address: string
  stop(): Promise<void>
}

/** The real nats-server with JetStream, and `tocsin ingress` before it, each a process of its own on a free port of loopback. */
export async function startTeamStream(): Promise<TeamStream> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-e2e-nats-'))
  const config = join(folder, 'server.conf')
  writeFileSync(config, '')
  // Debian puts it where an ordinary user's PATH does not look.
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` }
  const server = spawn('nats-server', ['-c', config, '-js', '-sd', folder, '-a', '127.0.0.1', '-p', '-1'], { env })
  let log = ''
  server.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
  await said(server, () => log.includes('Server is ready'))
  const url = `nats://127.0.0.1:${/client connections on 127\.0\.0\.1:(\d+)/.exec(log)?.[1] ?? ''}`

  const ingress = spawn('node', [join(root, 'src/cli/index.ts'), 'ingress', '--listen', '0', '--nats', url])
  let printed = ''
  ingress.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  await said(ingress, () => printed.includes('/in/'))
  return {
    url,
    address: printed.trim(),
    async stop() {
      for (const child of [ingress, server]) {
        const gone = once(child, 'exit')
        child.kill('SIGTERM')
        await gone
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function said(child: ChildProcess, holds: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => void (holds() && resolve())
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${child.spawnfile} ended with ${code}`)))
  })
}
