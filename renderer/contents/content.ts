/** What quick look says when a file cannot be shown, by reason. */
export type LookProblem =
  | 'unreadable'
  /** No more of it is read than quick look may read. */
  | 'limit'
  | 'notText'
  | 'brokenPicture'
  | 'hugePicture'
  | 'brokenPdf'
  | 'lockedPdf'
  | 'brokenFont'
  | 'brokenArchive'
  | 'longArchive'
  /** Its names are encrypted. */
  | 'lockedArchive'
  | 'unlistedArchive'
  | 'notPlayable'

/** A file that cannot be shown. */
export class LookError extends Error {
  override name = 'LookError'
  readonly problem: LookProblem

  constructor(problem: LookProblem, options?: ErrorOptions) {
    super(problem, options)
    this.problem = problem
  }
}

/** The bytes of a file from `from` up to `to`, or up to its end if that is nearer. Rejects with `unreadable`. */
export async function readContent(
  url: string,
  from: number,
  to: number,
  signal: AbortSignal | null = null,
): Promise<Uint8Array<ArrayBuffer>> {
  if (to <= from) return new Uint8Array()
  try {
    const response = await fetch(url, { headers: { range: `bytes=${from}-${to - 1}` }, signal })
    if (response.status === 403) throw new LookError('limit')
    const isWhole = response.status === 200 && from === 0
    if (response.status !== 206 && !isWhole) throw new LookError('unreadable')
    return await firstBytes(response, to - from)
  } catch (error) {
    throw error instanceof LookError || signal?.aborted === true ? error : new LookError('unreadable', { cause: error })
  }
}

/** A server without ranges sends more than was asked for. */
async function firstBytes(response: Response, count: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  while (reader !== undefined && length < count) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value)
    length += value.length
  }
  await reader?.cancel()
  return joined(chunks, Math.min(length, count))
}

/** The first bytes of chunks, in one piece. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    const part = chunk.subarray(0, bytes.length - at)
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
