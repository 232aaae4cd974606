import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { nameForLink } from '../../engine/text/names.ts'
import { type BadRequest, type BadServer, startBadServer, type Wire } from '../support/bad-server.ts'
import { has } from '../support/facilities.ts'
import { observeFetch } from '../support/fetching.ts'
import { encoded } from '../support/old-encodings.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const bytes = solidBytes(300_017)
const folder = temporaryFolder('odd')
let servers: BadServer[] = []
afterEach(async () => {
  for (const server of servers) await server.stop()
  servers = []
})

async function serve(answer: (request: BadRequest, wire: Wire) => void | Promise<void>): Promise<BadServer> {
  const server = await startBadServer(answer)
  servers.push(server)
  return server
}

/** Fetches without waiting between attempts, and returns whether the file is right, or the error message. */
async function get(link: string) {
  const partPath = join(folder, randomBytes(8).toString('hex'))
  const { result, outcome, sentences, starts } = await observeFetch({ link, partPath, stallMs: 5000 })
  const { head: _head, ...announced } = starts.at(-1) ?? { url: '', contentDisposition: null, head: null }
  const name = starts.length === 0 ? null : nameForLink(announced.url, announced.contentDisposition)
  const isWhole = result !== null && bytes.equals(await readFile(partPath))
  return {
    outcome: result === null ? outcome : isWhole ? 'whole' : 'other bytes',
    troubles: sentences,
    announced,
    name,
  }
}

async function give(wire: Wire, lines: string[] = [], body: Buffer = bytes): Promise<void> {
  wire.head('200 OK', [`Content-Length: ${body.length}`, ...lines])
  await wire.body(body)
  wire.socket.end()
}

function send(wire: Wire, status: string, lines: string[]): void {
  wire.head(status, [...lines, 'Content-Length: 0'])
  wire.socket.end()
}

/** A case of zstd: it is only decoded where it notices a truncated body. */
const inNode24 = <Row>(row: Row): Row[] => (has('Node 24') ? [row] : [])
const latin1 = (buffer: Buffer) => buffer.toString('latin1')
const escaped = (buffer: Buffer) => buffer.toString('hex').replace(/../g, '%$&').toUpperCase()

describe('non-ASCII bytes in a URL', () => {
  const names: [name: string, encoding: string][] = [
    ['黑客帝国 第一集.mkv', 'gbk'],
    ['予定表.txt', 'shift_jis'],
    ['Новая папка.zip', 'windows-1251'],
    ['café olé.txt', 'windows-1252'],
  ]
  it.each(names)(
    'requests “%s” in %s unchanged when it is escaped in the link, and decodes its name',
    async (name, encoding) => {
      const server = await serve((_request, wire) => give(wire))
      const path = `/${escaped(encoded(name, encoding))}`
      expect(await get(server.url(path))).toMatchObject({ outcome: 'whole', name })
      expect(server.requests[0]?.path).toBe(path)
    },
  )

  it.each(names)(
    'requests “%s” in %s byte for byte when it is raw in a Location, and decodes its name',
    async (name, encoding) => {
      const raw = encoded(name, encoding)
      const server = await serve((request, wire) => {
        if (request.path === '/first') return send(wire, '302 Found', [`Location: /d/${latin1(raw)}?f=${latin1(raw)}`])
        return give(wire)
      })
      expect(await get(server.url('/first'))).toMatchObject({ outcome: 'whole', name })
      const asked = Array.from(raw, (byte) =>
        byte > 0x7f || byte === 0x20 || byte === 0x5c
          ? `%${byte.toString(16).toUpperCase()}`
          : String.fromCharCode(byte),
      ).join('')
      expect(server.requests[1]?.path).toBe(`/d/${asked}?f=${asked}`)
    },
  )

  it('follows a Location in raw UTF-8', async () => {
    const server = await serve((request, wire) => {
      if (request.path === '/first') return send(wire, '302 Found', [`Location: ${latin1(Buffer.from('/Zoë ☃.bin'))}`])
      return give(wire)
    })
    expect(await get(server.url('/first'))).toMatchObject({ outcome: 'whole', name: 'Zoë ☃.bin' })
    expect(server.requests[1]?.path).toBe('/Zo%C3%AB%20%E2%98%83.bin')
  })
})

describe('cookies during redirects', () => {
  it('follows a redirect to the same URL with the cookie that it sets', async () => {
    const server = await serve((request, wire) =>
      request.headers.cookie === 'seen=1; way=a=b'
        ? give(wire)
        : send(wire, '307 Temporary Redirect', [
            'Set-Cookie: seen=1; Path=/',
            'Set-Cookie: way=a=b',
            'Location: /file',
          ]),
    )
    expect(await get(server.url('/file'))).toMatchObject({ outcome: 'whole' })
    expect(server.requests.map(({ headers }) => headers.cookie ?? null)).toEqual([null, 'seen=1; way=a=b'])
  })

  it('follows a redirect loop that a cookie ends, and rejects one that it does not', async () => {
    const server = await serve((request, wire) => {
      if (request.path === '/endless') return send(wire, '302 Found', ['Set-Cookie: a=1', 'Location: /endless'])
      if (request.path === '/gate') return send(wire, '302 Found', ['Set-Cookie: ok=1; Path=/', 'Location: /film.bin'])
      return request.headers.cookie === 'ok=1' ? give(wire) : send(wire, '302 Found', ['Location: /gate'])
    })
    expect(await get(server.url('/film.bin'))).toMatchObject({ outcome: 'whole' })
    expect((await get(server.url('/endless'))).outcome).toMatch(/redirects in a circle/)
  })

  it('sends each cookie only to its host, within its path and, if it is Secure, over HTTPS', async () => {
    const other = await serve((_request, wire) => give(wire))
    const server = await serve((request, wire) => {
      if (request.path === '/a/start') {
        return send(wire, '302 Found', [
          'Set-Cookie: here=1; Path=/',
          'Set-Cookie: deep=1; Path=/a',
          'Set-Cookie: safe=1; Path=/; Secure',
          'Set-Cookie: foreign=1; Path=/; Domain=localhost',
          'Set-Cookie: all=1; Path=/; Domain=1',
          'Location: /b/next',
        ])
      }
      return send(wire, '302 Found', [`Location: http://localhost:${other.port}/file`])
    })
    expect(await get(server.url('/a/start'))).toMatchObject({ outcome: 'whole' })
    expect(server.requests[1]?.headers.cookie).toBe('here=1')
    expect(other.requests[0]?.headers.cookie).toBeUndefined()
  })

  it('fetches the file despite malformed cookies', async () => {
    const odd = [
      '',
      '=',
      ';;;',
      '=x',
      'a',
      'a=b=c; Path=x',
      '\xff=\xfe',
      'x="y;z"',
      `big=${'x'.repeat(5000)}`,
      'd=1; Expires=never',
    ]
    const forms = odd.flatMap((cookie) => [[`Set-Cookie: ${cookie}`], [`Set-Cookie: a\x01b=${cookie}`, ' folded=1']])
    const server = await serve((request, wire) => {
      const step = Number(request.path.slice(1))
      return step === 19 ? give(wire) : send(wire, '302 Found', [...(forms[step] ?? []), `Location: /${step + 1}`])
    })
    expect(await get(server.url('/0'))).toMatchObject({ outcome: 'whole' })
  })

  it('does not send a cookie that was deleted with Max-Age=0', async () => {
    const server = await serve((request, wire) => {
      const step = Number(request.path.slice(1))
      if (step === 3) return give(wire)
      const cookie = step === 1 ? 'a=1; Path=/' : 'a=; Path=/; Max-Age=0'
      return send(wire, '302 Found', [`Set-Cookie: ${cookie}`, `Location: /${step + 1}`])
    })
    expect(await get(server.url('/1'))).toMatchObject({ outcome: 'whole' })
    expect(server.requests.map(({ headers }) => headers.cookie ?? null)).toEqual([null, 'a=1', null])
  })
})

describe('an unrequested content coding', () => {
  it.each([
    ['gzip', gzipSync(bytes)],
    ['x-gzip', gzipSync(bytes)],
    ['GZIP', gzipSync(bytes)],
    ['deflate', deflateSync(bytes)],
    ['br', brotliCompressSync(bytes)],
    ...inNode24<[string, Buffer]>(['zstd', zstdCompressSync(bytes)]),
    ['gzip, br', brotliCompressSync(gzipSync(bytes))],
    ['identity', bytes],
    ['', bytes],
    ['utf-8', bytes],
    ['aws-chunked', bytes],
    ['binary', bytes],
  ])('decodes %j, and announces a size only where the body is not compressed', async (coding, body) => {
    const server = await serve((_request, wire) => give(wire, [`Content-Encoding: ${coding}`, 'ETag: "a"'], body))
    const isCoded = body !== bytes
    expect(await get(server.url('/film.mkv'))).toMatchObject({
      outcome: 'whole',
      announced: { sizeBytes: isCoded ? null : bytes.length },
    })
  })

  it.each([
    ['/song.tar.gz', []],
    ['/song.TGZ', []],
    ['/get?id=1', ['Content-Disposition: attachment; filename="song.tar.gz"']],
    ['/get', ['Content-Type: application/x-gzip']],
    ['/get', ['Content-Type: application/gzip']],
  ])('keeps a gzip file compressed that is served with Content-Encoding: gzip: %s %j', async (path, lines) => {
    const server = await serve((_request, wire) => give(wire, ['Content-Encoding: gzip', ...lines]))
    expect(await get(server.url(path))).toMatchObject({ outcome: 'whole', announced: { sizeBytes: bytes.length } })
  })

  it.each([
    ['compress', bytes],
    ['x-none', bytes],
    ['gzip', bytes],
    ['br', bytes],
    // These begin with a complete stream in the coding.
    ['gzip', Buffer.concat([gzipSync(''), bytes])],
    ['br', Buffer.concat([Buffer.from([0x06]), bytes])],
    ['br', Buffer.concat([brotliCompressSync(Buffer.alloc(5000)), bytes])],
    ['zstd', Buffer.concat([zstdCompressSync(''), bytes])],
  ])('rejects a body that cannot be decoded as %s', async (coding, body) => {
    const server = await serve((_request, wire) => give(wire, [`Content-Encoding: ${coding}`], body))
    expect((await get(server.url('/film.mkv'))).outcome).toMatch(/in the coding “(compress|x-none|gzip|br|zstd)”/)
  })

  it.each([
    ['gzip', gzipSync(bytes), Buffer.alloc(600)],
    ['br', brotliCompressSync(bytes), Buffer.from('\r\n')],
    ['deflate', deflateSync(bytes), Buffer.from('\n \n')],
    ...inNode24<[string, Buffer, Buffer]>(['zstd', zstdCompressSync(bytes), Buffer.from('\n')]),
  ])('ignores zeros or line breaks after the end of %s', async (coding, packed, padding) => {
    const body = Buffer.concat([packed, padding])
    const server = await serve((_request, wire) => give(wire, [`Content-Encoding: ${coding}`], body))
    expect(await get(server.url('/film.mkv'))).toMatchObject({ outcome: 'whole' })
  })

  it.each([
    ['gzip', gzipSync(bytes)],
    ['br', brotliCompressSync(bytes)],
    ['deflate', deflateSync(bytes)],
    ['zstd', zstdCompressSync(bytes)],
  ])('rejects %s that is truncated in a complete body', async (coding, packed) => {
    const half = packed.subarray(0, packed.length - 200)
    const server = await serve((_request, wire) => give(wire, [`Content-Encoding: ${coding}`], half))
    expect((await get(server.url('/film.mkv'))).outcome).toMatch(/in the coding/)
  })

  it('starts over when the connection breaks within a compressed body', async () => {
    const packed = gzipSync(bytes)
    const server = await serve(async (request, wire) => {
      wire.head('200 OK', [`Content-Length: ${packed.length}`, 'Content-Encoding: gzip', 'ETag: "a"'])
      await wire.body(packed.subarray(0, request.index === 0 ? 200_000 : packed.length))
      if (request.index === 0) wire.socket.resetAndDestroy()
      else wire.socket.end()
    })
    expect((await get(server.url('/film.mkv'))).outcome).toBe('whole')
    expect(server.requests.map(({ range }) => range)).toEqual([null, null])
  })

  it('starts over, and mixes no bytes, when the rest of the file comes compressed', async () => {
    const server = await serve(async (request, wire) => {
      if (request.index === 0) {
        wire.head('200 OK', [`Content-Length: ${bytes.length}`, 'ETag: "a"'])
        await wire.body(bytes.subarray(0, 200_000))
        wire.socket.resetAndDestroy()
      } else if (request.range !== null) {
        const rest = gzipSync(bytes.subarray(request.range.start))
        wire.head('206 Partial Content', [
          `Content-Length: ${rest.length}`,
          `Content-Range: bytes ${request.range.start}-${bytes.length - 1}/${bytes.length}`,
          'Content-Encoding: gzip',
          'ETag: "a"',
        ])
        await wire.body(rest)
        wire.socket.end()
      } else await give(wire, ['Content-Encoding: gzip'], gzipSync(bytes))
    })
    expect((await get(server.url('/film.mkv'))).outcome).toBe('whole')
  })
})

describe('unusual response heads', () => {
  const raw = (lines: string[]) => async (_request: BadRequest, wire: Wire) => {
    wire.socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
    await wire.body(bytes)
    wire.socket.end()
  }
  const length = `Content-Length: ${bytes.length}`
  it.each([
    ['a status line without a reason', ['HTTP/1.1 200', length]],
    ['an empty reason', ['HTTP/1.1 200 ', length]],
    ['a reason in Latin-1', ['HTTP/1.1 200 Tr\u00e8s bien', length]],
    ['HTTP/1.0', ['HTTP/1.0 200 OK', length]],
    ['no content type', ['HTTP/1.1 200 OK', length, 'Connection: close']],
    ['header names in capitals and trailing blanks', ['HTTP/1.1 200 OK', `CONTENT-LENGTH:${bytes.length}  `]],
    ['a folded header', ['HTTP/1.1 200 OK', length, 'Content-Disposition: attachment;', ' filename="film.mkv"']],
    ['lines that end in LF alone', [`HTTP/1.1 200 OK\nX-A: b\n${length}`]],
    ['a blank before a colon', ['HTTP/1.1 200 OK', `Content-Length : ${bytes.length}`]],
    ['HTTP/1.4', ['HTTP/1.4 200 OK', length]],
  ])('accepts %s', async (_what, lines) => {
    const server = await serve(raw(lines))
    expect(await get(server.url('/film.mkv'))).toMatchObject({ outcome: 'whole', name: 'film.mkv' })
  })
})
