import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { Log, LogLevel, Miniflare, type MiniflareOptions } from 'miniflare'

/** What `relay:deploy` gives to wrangler: hashes of the secrets, SHA-256 in hexadecimal. */
export type RelayConfiguration = Readonly<Record<'MAILBOX_SHA256' | 'ADMIN_SHA256', string>> &
  Readonly<Partial<Record<'SECRET_HEADER_SHA256' | 'KEEP_ENTRIES' | 'KEEP_SECONDS', string>>>

export type LocalRelay = {
  readonly origin: string
  /** Puts the mailbox to sleep, as Cloudflare does with one that has nothing to do; its sockets stay. */
  hibernate(): Promise<void>
  stop(): Promise<void>
}

/** The relay in Cloudflare's own runtime on a loopback port; the mailbox is kept in `folder`. */
export async function startLocalRelay(parts: {
  readonly folder: string
  readonly port: number
  readonly configuration: RelayConfiguration
}): Promise<LocalRelay> {
  const { folder, port, configuration } = parts
  const name = 'tocsin-relay'
  const options: MiniflareOptions = {
    host: '127.0.0.1',
    port,
    log: new Log(LogLevel.ERROR),
    logRequests: false,
    resourcePersistencePath: folder,
    workers: [
      {
        config: {
          name,
          compatibilityDate: '2026-10-01',
          manifest: { mainModule: 'relay/index.ts', modulesRoot: source, modules: modules() },
          env: {
            ...Object.fromEntries(Object.entries(configuration).map(([key, value]) => [key, { type: 'text', value }])),
            MAILBOX: { type: 'durable-object', worker: name, exportName: 'Mailbox' },
          },
          exports: { Mailbox: { type: 'durable-object', storage: 'sqlite' } },
        },
      },
    ],
  }
  const miniflare = new Miniflare(options)
  const { origin } = await miniflare.ready
  return {
    origin,
    hibernate: () => miniflare.unsafeEvictDurableObject(name, 'Mailbox', { name: 'mailbox', webSockets: 'hibernate' }),
    stop: () => miniflare.dispose(),
  }
}

const source = fileURLToPath(new URL('..', import.meta.url))

/** The Worker's own source with its types taken out, module by module. */
function modules(): Record<string, { readonly type: 'esm'; readonly contents: string }> {
  const names = readdirSync(join(source, 'relay')).filter((name) => name !== 'local.ts' && !/(\.test|^test-support)\.ts$/.test(name))
  const paths = [...names.map((name) => `relay/${name}`), 'shared/relay.ts']
  return Object.fromEntries(paths.map((path) => [path, { type: 'esm', contents: withoutTypes(join(source, path)) }]))
}

function withoutTypes(file: string): string {
  const compilerOptions = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext }
  return ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions }).outputText
}
