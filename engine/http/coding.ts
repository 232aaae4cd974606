import type { IncomingMessage } from 'node:http'
import { pipeline, type Readable, Transform } from 'node:stream'
import { createBrotliDecompress, createUnzip, createZstdDecompress } from 'node:zlib'
import { errorCode, FetchError } from '../fetch-error.ts'
import { nameForLink } from '../text/names.ts'

const maxCodings = 3
const maxPaddingBytes = 4096
const padding = new Set(Buffer.from('\0\t\n\r '))
const decoders: Record<string, () => Transform> = {
  gzip: createUnzip,
  'x-gzip': createUnzip,
  deflate: createUnzip,
  br: createBrotliDecompress,
  // Node 20 has none, and that of Node 22 takes a truncated body for a whole one.
  ...(Number.parseInt(process.versions.node, 10) >= 24 && { zstd: () => createZstdDecompress() }),
}
// What servers send here by mistake: none of these changes a byte.
const harmless = /^(|identity|none|binary|7bit|8bit|utf-?8|us-ascii|iso-8859-1|aws-chunked|chunked)$/
const packedTypes = /^application\/(x-)?(gzip|gunzip|gzip-compressed|tgz|gtar|compressed-tar)\b/i
const endings: Record<string, RegExp> = {
  gzip: /\.(t?gz|gzip|svgz|emz|wmz|vgz)$/i,
  'x-gzip': /\.(t?gz|gzip|svgz|emz|wmz|vgz)$/i,
  br: /\.br$/i,
  zstd: /\.t?zst$/i,
  deflate: /\.zz?$/i,
  compress: /\.(t?z|taz)$/i,
  'x-compress': /\.(t?z|taz)$/i,
}

/**
 * The content codings to undo, outermost first. None was requested, so they are artefacts of the transfer, as browsers treat them
 * too. A file that is compressed itself, such as a `.tar.gz`, is often sent with its own compression declared as a coding, and
 * then stays as it is. Empty when the body is the file. Source: RFC 9110 §8.4.
 */
export function codingsOf(response: IncomingMessage, url: URL): string[] {
  const {
    'content-encoding': contentEncoding = '',
    'content-type': type = '',
    'content-disposition': disposition,
  } = response.headers
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => !harmless.test(coding))
    .reverse()
  const [only = ''] = codings
  const isFile = packedTypes.test(type) || endings[only]?.test(nameForLink(url.href, disposition)) === true
  return codings.length === 1 && isFile ? [] : codings
}

/**
 * Undoes the codings of a complete body. Each coding marks its own end, so a stream that ends properly is complete, and one that
 * ends too soon fails. The length is not known in advance and ranges cannot be requested: a fetch that breaks off starts over.
 * Throws a `FetchError` for an unsupported coding.
 */
export function decodeBody(response: IncomingMessage, codings: string[], host: string): Readable {
  const known = codings.flatMap((coding) => decoders[coding] ?? [])
  if (known.length !== codings.length || known.length > maxCodings) throw badCoding(codings, host)
  const out = new Transform({
    transform: (chunk, _encoding, done) => done(null, chunk),
    destroy: (error, done) => done(error !== null && isDecoderError(error) ? badCoding(codings, host, error) : error),
  })
  // Readers receive its errors; until there is one, they must not end the program.
  out.on('error', () => undefined)
  const steps = known.flatMap((create) => undone(create(), () => badCoding(codings, host)))
  pipeline([response, ...steps, out], () => undefined)
  return out
}

/**
 * A decoder between two streams that check whether it consumed everything. Data after its end shows that this was not the coding,
 * except for zeros, blanks and line ends, which servers add by mistake.
 */
function undone(decoder: Transform & { bytesWritten?: number }, error: () => FetchError): Transform[] {
  let bytes = 0
  let tail: Buffer = Buffer.alloc(0)
  const before = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length
      tail = chunk.length >= maxPaddingBytes ? chunk : Buffer.concat([tail, chunk])
      tail = tail.subarray(-maxPaddingBytes)
      done(null, chunk)
    },
  })
  const after = new Transform({
    transform: (chunk, _encoding, done) => done(null, chunk),
    flush: (done) => {
      const behind = bytes - (decoder.bytesWritten ?? 0)
      const isHarmless = behind <= tail.length && tail.subarray(tail.length - behind).every((byte) => padding.has(byte))
      done(isHarmless ? null : error())
    },
  })
  return [before, decoder, after]
}

function badCoding(codings: string[], host: string, cause?: unknown): FetchError {
  const names = codings.toReversed().join(', ').slice(0, 100)
  return new FetchError(`“${host}” sends this file only in the coding “${names}”, which cannot be undone.`, { cause })
}

/** Source: nodejs.org/api/zlib.html, the codes of zlib, brotli and zstd. */
function isDecoderError(error: Error): boolean {
  return /^(Z_|ERR_(_?ERROR_|BROTLI|ZSTD|ZLIB)|ZSTD_|BROTLI_|ERR__)/.test(errorCode(error))
}
