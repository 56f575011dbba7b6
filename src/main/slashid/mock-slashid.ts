import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isIP, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Ajv, type ValidateFunction } from 'ajv'
import { parse } from 'yaml'

/** What of an OpenAPI document is read here. */
type Schema = { readonly $ref?: string; readonly properties?: Readonly<Record<string, unknown>> }
type Parameter = { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema: object }
type Operation = {
  readonly operationId?: string
  readonly parameters?: readonly object[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, object>>
}
type PathItem = Readonly<Record<string, Operation>> & { readonly parameters?: readonly object[] }

const file = fileURLToPath(new URL('../../../resources/slashid-webhooks.openapi.yml', import.meta.url))

export type MockWebhook = {
  id: string
  name: string
  target_url: string
  description?: string
  custom_headers?: Record<string, string[]>
  timeout?: string
}
type MockTrigger = { readonly trigger_type: string; readonly trigger_name: string }

/** A SlashID whose every request and answer is held against its OpenAPI document. What does not fit is a violation, and the test's to expect. */
export async function startSlashIdMock({ apiKey }: { readonly apiKey: string }) {
  const document = parse(readFileSync(file, 'utf8')) as { readonly paths: Readonly<Record<string, PathItem>> }
  // Formats and OpenAPI's own words are annotations; everything else is checked.
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, coerceTypes: false })
  ajv.addSchema(document, 'slashid')
  const validators = new Map<object, ValidateFunction>()
  const webhooks = new Map<string, MockWebhook>()
  const triggers = new Map<string, MockTrigger[]>()
  const violations: string[] = []
  const operations: string[] = []

  function resolve<T>(value: object): T {
    const ref = (value as { $ref?: string }).$ref
    if (ref === undefined) return value as T
    const target = ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document)
    return resolve(target as object)
  }

  function check(what: string, schema: object, value: unknown): void {
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"slashid#/')) as object
    const validate = validators.get(schema) ?? ajv.compile(absolute)
    validators.set(schema, validate)
    if (!validate(value)) violations.push(`${what}: ${ajv.errorsText(validate.errors)}`)
  }

  function match(method: string, path: string) {
    const parts = path.split('/')
    const templates = Object.entries(document.paths)
      .filter(([template]) => {
        const names = template.split('/')
        return names.length === parts.length && names.every((name, index) => name === parts[index] || /^\{.*\}$/.test(name))
      })
      // What is spelled out comes before what is a parameter.
      .sort(([a], [b]) => Number(a.includes('{')) - Number(b.includes('{')))
    const [template, item] = templates[0] ?? []
    const operation = item?.[method.toLowerCase()]
    if (template === undefined || item === undefined || operation === undefined) return null
    const names = template.split('/')
    const pathValues = Object.fromEntries(names.flatMap((name, index) => (name.startsWith('{') ? [[name.slice(1, -1), parts[index]]] : [])))
    const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((one) => resolve<Parameter>(one))
    return { operation, parameters, pathValues }
  }

  function checkRequest(request: IncomingMessage, url: URL, found: NonNullable<ReturnType<typeof match>>, body: unknown): void {
    const what = found.operation.operationId ?? ''
    for (const parameter of found.parameters) {
      const given =
        parameter.in === 'header'
          ? request.headers[parameter.name.toLowerCase()]
          : parameter.in === 'query'
            ? (url.searchParams.get(parameter.name) ?? undefined)
            : found.pathValues[parameter.name]
      if (given === undefined) {
        if (parameter.required) violations.push(`${what}: ${parameter.name} is missing`)
        continue
      }
      const type = resolve<{ type?: string }>(parameter.schema).type
      check(`${what} ${parameter.name}`, parameter.schema, type === 'integer' ? Number(given) : given)
    }
    const schema = found.operation.requestBody?.content['application/json']?.schema
    if (schema === undefined) return
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) violations.push(`${what}: another content type`)
    check(`${what} body`, schema, body)
    const { properties } = resolve<Schema>(schema)
    for (const name of properties === undefined ? [] : Object.keys(body as object))
      if (!(name in (properties ?? {}))) violations.push(`${what} body: ${name} is not in the document`)
  }

  function answer(response: ServerResponse, operation: Operation, status: number, result?: unknown, message?: string): void {
    const envelope = {
      meta: {},
      ...(message === undefined ? {} : { errors: [{ httpcode: status, message }] }),
      ...(result === undefined ? {} : { result }),
    }
    const described = operation.responses[String(status)]
    const isGeneral = status === 401 || status === 403
    if (described === undefined && !isGeneral) violations.push(`${operation.operationId}: answers no ${status}`)
    const content = described && resolve<{ content?: Record<string, { schema: object }> }>(described).content?.['application/json']
    if (content) check(`${operation.operationId} ${status}`, content.schema, envelope)
    if (status === 204) return void response.writeHead(204).end()
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(envelope))
  }

  /** The rules that the document gives in words. */
  function trouble(id: string | null, { target_url: target, timeout }: Partial<MockWebhook>): string | null {
    if (target !== undefined) {
      const url = URL.canParse(target) ? new URL(target) : null
      if (url?.protocol !== 'https:' || url.hostname === 'localhost' || isIP(url.hostname) !== 0 || url.search !== '' || url.hash !== '')
        return `invalid target URL ${target}`
      for (const other of webhooks.values())
        if (other.id !== id && other.target_url === target) return `target URL ${target} already exists`
    }
    return timeout !== undefined && !/^(1?\d|20)s$/.test(timeout) ? `invalid timeout ${timeout}` : null
  }

  const handlers: Readonly<
    Record<string, (id: string, body: never, url: URL) => readonly [status: number, result?: unknown, message?: string]>
  > = {
    GetOrganizationsWebhooks: () => [200, [...webhooks.values()]],
    PostOrganizationsWebhooks: (_, body: MockWebhook) => {
      const because = trouble(null, body)
      if (because !== null) return [400, undefined, because]
      const webhook = { ...body, id: randomUUID() }
      webhooks.set(webhook.id, webhook)
      triggers.set(webhook.id, [])
      return [201, webhook]
    },
    GetOrganizationsWebhooksWebhookId: (id) => [200, webhooks.get(id)],
    PatchOrganizationsWebhooksWebhookId: (id, body: Partial<MockWebhook>) => {
      const because = trouble(id, body)
      if (because !== null) return [400, undefined, because]
      const webhook = { ...(webhooks.get(id) as MockWebhook), ...body }
      webhooks.set(id, webhook)
      return [200, webhook]
    },
    DeleteOrganizationsWebhooksWebhookId: (id) => {
      webhooks.delete(id)
      return [204]
    },
    GetOrganizationsWebhooksWebhookIdTriggers: (id) => [200, triggers.get(id)],
    PostOrganizationsWebhooksWebhookIdTriggers: (id, body: MockTrigger) => {
      const present = triggers.get(id) ?? []
      if (present.some((one) => one.trigger_name === body.trigger_name)) return [400, undefined, 'trigger already exists']
      triggers.set(id, [...present, body])
      return [201]
    },
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '', 'http://slashid.invalid')
    const found = match(request.method ?? '', url.pathname)
    if (found === null) {
      violations.push(`no operation for ${request.method} ${url.pathname}`)
      return void response.writeHead(404).end()
    }
    const { operation, pathValues } = found
    operations.push(operation.operationId ?? '')
    const before = violations.length
    const text = Buffer.concat(chunks).toString()
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    checkRequest(request, url, found, body)
    if (violations.length > before) return answer(response, operation, 400, undefined, 'the request does not fit the document')
    if (request.headers['slashid-api-key'] !== apiKey) return answer(response, operation, 401, undefined, 'invalid API key')
    const id = pathValues['webhook_id'] ?? ''
    if ('webhook_id' in pathValues && !webhooks.has(id)) return answer(response, operation, 404, undefined, 'webhook not found')
    const handler = handlers[operation.operationId ?? '']
    if (handler === undefined) throw new Error(`${operation.operationId} is not part of this mock`)
    answer(response, operation, ...handler(id, body as never, url))
  }

  const server = createServer((request, response) => {
    take(request, response).catch((error: unknown) => {
      violations.push(String(error))
      response.destroy()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    webhooks,
    triggers,
    violations,
    /** The operations asked for, by their names in the document. */
    operations,
    async stop(): Promise<void> {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
