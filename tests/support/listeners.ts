import { createSocket } from 'node:dgram'
import { connect, createServer, type Socket } from 'node:net'

/** Listeners on 127.0.0.1 that record every packet and every connection that a program sends there. */
export interface Listeners {
  udpPort: number
  tcpPort: number
  /** What has arrived so far, as kind and first bytes. */
  heard: string[]
  /** Resolves when everything sent before has been recorded: a packet and a connection of our own have arrived after it. */
  flush(): Promise<void>
  stop(): Promise<void>
}

const mark = 'mark of the test'

export async function startListeners(): Promise<Listeners> {
  const heard: string[] = []
  const marks: (() => void)[] = []
  const note = (kind: string, bytes: Buffer) => {
    if (bytes.toString('latin1') === mark) marks.shift()?.()
    else
      heard.push(
        `${kind} ${bytes
          .subarray(0, 60)
          .toString('latin1')
          .replaceAll(/[^\x20-\x7e]/g, '.')}`,
      )
  }
  const udp = createSocket('udp4')
  udp.on('message', (bytes) => note('udp', bytes))
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
  const sockets = new Set<Socket>()
  const tcp = createServer((socket) => {
    sockets.add(socket)
    let isKnown = false
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      if (!isKnown) note('tcp', bytes)
      isKnown = true
    })
    socket.on('close', () => {
      sockets.delete(socket)
      if (!isKnown) heard.push('tcp, closed without a word')
    })
  })
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  const address = tcp.address()
  const tcpPort = address !== null && typeof address === 'object' ? address.port : 0
  const udpPort = udp.address().port
  return {
    udpPort,
    tcpPort,
    heard,
    flush: async () => {
      const isUdpHeard = new Promise<void>((resolve) => marks.push(resolve))
      udp.send(mark, udpPort, '127.0.0.1')
      await isUdpHeard
      const isTcpHeard = new Promise<void>((resolve) => marks.push(resolve))
      const socket = connect(tcpPort, '127.0.0.1', () => socket.end(mark))
      await isTcpHeard
      for (const open of sockets) if (open.bytesRead === 0) heard.push('tcp, open without a word')
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => tcp.close(() => resolve()))
      await new Promise<void>((resolve) => udp.close(() => resolve()))
    },
  }
}
