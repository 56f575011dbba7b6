/** A sender in a process of its own, so that what it costs is not counted: posts the bodies it is given over kept connections and reports how long each answer took. */
import { Agent, request } from 'node:http'

export type Load = {
  readonly url: string
  /** base64; sent in turn. */
  readonly bodies: readonly string[]
  readonly count: number
  readonly connections: number
  /** null sends as fast as answers come. */
  readonly perSecond: number | null
}
export type LoadResult = {
  readonly statuses: Readonly<Record<string, number>>
  readonly p50: number
  readonly p99: number
  readonly seconds: number
}

process.once('message', (load: Load) => {
  run(load).then(
    (result) => process.send?.(result, () => process.exit(0)),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})

async function run({ url, bodies, count, connections, perSecond }: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const decoded = bodies.map((body) => Buffer.from(body, 'base64'))
  const statuses: Record<string, number> = {}
  const times: number[] = []
  const startedAt = performance.now()
  let next = 0
  const lane = async () => {
    while (next < count) {
      const index = next++
      if (perSecond !== null)
        await new Promise((done) => setTimeout(done, Math.max(0, startedAt + (index * 1000) / perSecond - performance.now())))
      const sentAt = performance.now()
      const status = await post(url, decoded[index % decoded.length] ?? Buffer.alloc(0), agent)
      times.push(performance.now() - sentAt)
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: connections }, lane))
  agent.destroy()
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN
  return { statuses, p50: at(0.5), p99: at(0.99), seconds: (performance.now() - startedAt) / 1000 }
}

function post(url: string, body: Buffer, agent: Agent): Promise<number | string> {
  return new Promise((resolve) => {
    const sending = request(url, { method: 'POST', agent, headers: { 'Content-Length': body.length } }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    sending.on('error', (error) => resolve(error.message))
    sending.end(body)
  })
}
