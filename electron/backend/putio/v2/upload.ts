import { randomBytes } from 'node:crypto'
import type * as z from 'zod'
import { AppError } from '../../../../shared/errors.ts'
import type { ItemId } from '../../../../shared/item.ts'
import { type ApiResponse, hostOf, send } from '../http.ts'
import type { GatedEndpoint } from './request.ts'
import { sentenceOf } from './sentence.ts'

/** A small file that is sent in one request. */
interface SmallFile {
  endpoint: GatedEndpoint
  name: string
  bytes: Buffer
  folderId: ItemId
  /** True if the service is to refuse anything but a torrent file. */
  isTorrent: boolean
}

const timeoutMs = 120_000

/** Sends a small file in one request. Source: API v2 §8. */
export async function sendFile<T>(
  { endpoint, name, bytes, folderId, isTorrent }: SmallFile,
  schema: z.ZodType<T>,
): Promise<T> {
  const boundary = `putdesk-${randomBytes(16).toString('hex')}`
  const field = (field: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`
  const head = [
    field('parent_id', `${folderId}`),
    isTorrent ? field('torrent', 'true') : '',
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name.replaceAll(/["\r\n]/g, '_')}"\r\n`,
    'Content-Type: application/octet-stream\r\n\r\n',
  ].join('')
  const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)])
  const { upload } = await endpoint.bases()
  const host = hostOf(upload)
  let answer: ApiResponse
  await endpoint.gate.untilOpen(endpoint.signal)
  try {
    const headers = {
      accept: 'application/json',
      'user-agent': 'Putdesk',
      'putdesk-fields': '1',
      authorization: `Token ${endpoint.token}`,
      'content-type': `multipart/form-data; boundary=${boundary}`,
    }
    const request = { method: 'POST', headers, body, timeoutMs, signal: endpoint.signal }
    answer = await send(new URL(`${upload}/v2/files/upload`), request)
  } catch (cause) {
    endpoint.signal?.throwIfAborted()
    throw new AppError('unreachable', `${host} does not answer.`, { cause })
  }
  await endpoint.gate.note(answer)
  const { status, text } = answer
  const parsed: unknown = parse(text)
  const read = status < 400 ? schema.safeParse(parsed) : null
  if (read?.success === true) return read.data
  if (status >= 500 || status === 429)
    throw new AppError('unreachable', `${host} is busy now (${status}). Try again later.`)
  const { error_type: type, error_message: message } = Object(parsed)
  const sentence = sentenceOf(textOf(type), textOf(message))
  throw new AppError(
    'refused',
    sentence === null ? `${host} did not take the file.` : endpoint.secrets.cleanSentence(sentence),
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
