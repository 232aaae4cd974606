import { type BadRequest, type BadServer, giveFile, startBadServer, type Wire } from '../support/bad-server.ts'
import type { Chance } from './random.ts'
import { hashOf, type Source } from './sources.ts'

/** Answers one request for a source; `asked` is the number of requests for it before this one. */
type Answer = (request: BadRequest, wire: Wire, asked: number) => void | Promise<void>

/** A server whose answers break off, lie or belong to another protocol, differently for each path. */
export interface HostileServer {
  /** Adds one hostile source. */
  make: (n: number, chance: Chance) => Source
  stop: () => Promise<void>
}

export async function startHostileServer(): Promise<HostileServer> {
  const answers = new Map<string, Answer>()
  const counts = new Map<string, number>()
  const server: BadServer = await startBadServer((request, wire) => {
    const asked = counts.get(request.path) ?? 0
    counts.set(request.path, asked + 1)
    return answers.get(request.path)?.(request, wire, asked)
  })
  return {
    make: (n, chance) => {
      const path = `/${n}/hostile.bin`
      const [bytes, other] = [chance.bytes(400_000 + 4 * chance.below(200_000)), chance.bytes(400_000)]
      const [what, answer, content] = chance.pick(endings({ bytes, other }))
      answers.set(path, answer)
      return { what, links: [server.url(path)], hashes: content === null ? null : [hashOf(content)] }
    },
    stop: server.stop,
  }
}

type Ending = [what: string, answer: Answer, content: Buffer | null]

function endings({ bytes, other }: { bytes: Buffer; other: Buffer }): [Ending, ...Ending[]] {
  const etag = `"${hashOf(bytes).slice(0, 16)}"`
  const good: Answer = (request, wire) => giveFile(request, wire, { bytes, etag })
  const cutAt = Math.floor(bytes.length / 3)
  const length = `Content-Length: ${bytes.length}`
  const cut = async (wire: Wire, lines: string[]) => {
    wire.head('200 OK', lines)
    await wire.body(bytes.subarray(0, cutAt))
    wire.socket.resetAndDestroy()
  }
  /** The first `times` answers are bad, the others are good. */
  const first = (times: number, bad: Answer, then: Answer = good): Answer => {
    return (request, wire, asked) => (asked < times ? bad : then)(request, wire, asked)
  }
  return [
    ['reset, no length', first(2, (_request, wire) => cut(wire, [])), bytes],
    [
      'closed in order, no length',
      async (_request, wire) => {
        wire.head('200 OK', [])
        await wire.body(bytes)
        wire.socket.end()
      },
      bytes,
    ],
    [
      'the tail as a whole file',
      first(
        1,
        (_request, wire) => cut(wire, [length, `ETag: ${etag}`]),
        first(2, async ({ range }, wire) => {
          const start = range?.start ?? cutAt
          wire.head('200 OK', [
            `Content-Length: ${bytes.length - start}`,
            `Content-Range: bytes ${start}-${bytes.length - 1}/${bytes.length}`,
            `ETag: ${etag}`,
          ])
          await wire.body(bytes.subarray(start))
          wire.socket.end()
        }),
      ),
      bytes,
    ],
    [
      'other bytes in a part without a validator',
      first(
        1,
        (_request, wire) => cut(wire, [length, `ETag: ${etag}`]),
        async ({ range }, wire) => {
          const start = range?.start ?? 0
          const head = [`Content-Length: ${other.length - start}`]
          if (range === null) wire.head('200 OK', head)
          else {
            wire.head('206 Partial Content', [
              ...head,
              `Content-Range: bytes ${start}-${other.length - 1}/${other.length}`,
            ])
          }
          await wire.body(other.subarray(start))
          wire.socket.end()
        },
      ),
      other,
    ],
    [
      'the last chunk missing',
      first(2, async (_request, wire) => {
        wire.head('200 OK', ['Transfer-Encoding: chunked'])
        wire.socket.write(`${cutAt.toString(16)}\r\n`)
        await wire.body(bytes.subarray(0, cutAt))
        wire.socket.end('\r\n')
      }),
      bytes,
    ],
    ['another protocol', (_request, wire) => wire.head('101 Switching Protocols', ['Upgrade: websocket']), null],
    ['closed before the answer', first(2, (_request, wire) => void wire.socket.end()), bytes],
    ['not HTTP at all', (_request, wire) => void wire.socket.end('SSH-2.0-OpenSSH_9.7\r\n'), null],
    [
      'parts refused with the whole file',
      async (_request, wire) => {
        wire.head('200 OK', [length, `ETag: ${etag}`, 'Accept-Ranges: bytes'])
        await wire.body(bytes, 400_000)
        wire.socket.end()
      },
      bytes,
    ],
  ]
}
