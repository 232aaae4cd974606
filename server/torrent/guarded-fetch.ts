import type { RateLimit } from '../../engine/net/rate-limit.ts'
import { decodeBencode } from './bencode.ts'

const maxTrackerBytes = 2 * 1024 * 1024

/** The path of a padding file on a web seed. It is never requested: its bytes are zeros. */
export const paddingMark = 'padding-of-zeros'

/**
 * Wraps `fetch` for webtorrent. Tracker responses are limited to 2 MiB and reduced to valid bencoding, because webtorrent's decoder
 * loops forever on a negative length; a web seed delivers exactly the requested range within the limit, or the request fails.
 */
export function boundFetch(original: typeof fetch, limit: RateLimit): typeof fetch {
  return async (input, init) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get('range') ?? '')
    const wanted = range === null ? null : Number(range[2]) - Number(range[1]) + 1
    const url = input instanceof Request ? input.url : `${input}`
    if (wanted !== null && url.endsWith(`/${paddingMark}`)) return new Response(new Uint8Array(wanted))
    const response = await original(input, init)
    if (wanted !== null && response.ok && response.status !== 206) {
      await response.body?.cancel()
      throw new Error('The web seed gives no ranges.')
    }
    const body = await readAtMost(response, wanted ?? maxTrackerBytes, wanted === null ? null : limit)
    if (response.ok && wanted !== null && body.length !== wanted) {
      throw new Error('The answer is not what was asked for.')
    }
    const answer = response.ok && wanted === null ? validPart(body) : body
    return new Response(answer, { status: response.status, headers: response.headers })
  }
}

/** The bencoded value in a response body. Throws a `BencodeError` if there is none. */
function validPart(body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const { start, end } = decodeBencode(body)
  return body.subarray(start, end)
}

async function readAtMost(
  response: Response,
  maxBytes: number,
  limit: RateLimit | null,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > maxBytes) throw new Error('The answer is too long.')
    chunks.push(chunk)
    await limit?.pass(chunk.length)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
