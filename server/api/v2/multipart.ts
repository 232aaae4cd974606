import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ApiError } from './error.ts'

/** Adds the text fields of a multipart form. Files are ignored. Source: RFC 7578. */
export async function addMultipart(values: Map<string, unknown>, body: Buffer, type: string): Promise<void> {
  // Node's own parser, loaded only here.
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
  for (const [name, value] of form) if (typeof value === 'string') values.set(name, value)
}

/** A form with a file, which is read while it arrives. */
interface Form<T> {
  fields: ReadonlyMap<string, string>
  /** What was made of the first file; null when there is none. */
  file: T | null
  fileName: string
}

const limits = { fields: 50, fieldSize: 64 * 1024, fieldNameSize: 200, files: 1, parts: 60, headerPairs: 50 }

/**
 * Reads a form, and passes its file to `receive` in pieces. Rejects when either fails, or the form does not end; then the file is
 * discarded. Source: RFC 7578.
 */
export async function readForm<T extends { discard(): Promise<void> }>(
  request: IncomingMessage,
  body: AsyncIterable<Buffer>,
  receive: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<Form<T>> {
  const type = request.headers['content-type'] ?? ''
  if (!/^multipart\/form-data\b.*\bboundary=/i.test(type))
    throw new ApiError(400, 'BadRequest', 'A file is sent as “multipart/form-data”.')
  const { Busboy } = await import('@fastify/busboy')
  const fields = new Map<string, string>()
  const parser = new Busboy({ headers: { 'content-type': type }, limits })
  const received: { file: Promise<T>; name: string; part: Readable }[] = []
  parser.on('field', (name, value) => {
    if (!fields.has(name)) fields.set(name, value)
  })
  parser.on('file', (_name, part, name) => {
    const file = receive(part)
    // Its error is the reason why the rest of the form is not read.
    file.catch((error) => parser.destroy(error))
    received.push({ file, name: name ?? '', part })
  })
  try {
    await pipeline(Readable.from(body), parser)
  } catch (error) {
    for (const { file, part } of received) {
      part.destroy()
      await file.then(({ discard }) => discard()).catch(() => undefined)
    }
    throw error
  }
  const [first] = received
  return { fields, fileName: first?.name ?? '', file: first === undefined ? null : await first.file }
}
