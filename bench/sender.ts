/** A sender in a process of its own that costs as little as a sender can, since it shares the machine with what it measures: one request after another on each of its connections. */
import { connect, type Socket } from 'node:net'
import type { Sent, ToSend } from './send.ts'

process.once('message', (load: ToSend) => {
  run(load).then(
    (result) => process.send?.(result, () => process.exit(0)),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})

async function run({ url, bodies, connections, perSecond }: ToSend): Promise<Sent> {
  const { hostname, port, pathname, host } = new URL(url)
  const requests = bodies.map((body) =>
    Buffer.from(
      `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/jwt\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ),
  )
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(hostname, Number(port))))
  const statuses: Record<string, number> = {}
  const times: number[] = []
  const startedAt = performance.now()
  let next = 0
  await Promise.all(
    sockets.map(async (socket) => {
      const answers = reader(socket)
      for (let index = next++; index < requests.length; index = next++) {
        if (perSecond !== null) await until(startedAt + (index * 1000) / perSecond)
        const sentAt = performance.now()
        socket.write(requests[index] ?? '')
        const status = await answers()
        times.push(performance.now() - sentAt)
        statuses[status] = (statuses[status] ?? 0) + 1
      }
      socket.destroy()
    }),
  )
  return { statuses, times, seconds: (performance.now() - startedAt) / 1000 }
}

function open(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

/** Answers to requests of one connection, each with a Content-Length. */
function reader(socket: Socket): () => Promise<string> {
  let text = ''
  let resolve: ((status: string) => void) | null = null
  const take = (): void => {
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
    if (text.length < end + 4 + length) return
    const status = text.slice(9, 12)
    text = text.slice(end + 4 + length)
    resolve?.(status)
    resolve = null
  }
  socket.setEncoding('latin1')
  socket.on('data', (part: string) => {
    text += part
    take()
  })
  socket.on('close', () => resolve?.('closed'))
  return () =>
    new Promise((answer) => {
      resolve = answer
      take()
    })
}

async function until(at: number): Promise<void> {
  const wait = at - performance.now()
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
}
