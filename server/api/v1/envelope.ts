/** A response of API v1 before it is written. */
export interface Answer {
  status: number
  body: Record<string, unknown>
}

/** The user that the response is for. */
export interface Signer {
  userName: string
  userId: number
}

/** Source: API v1 §2.3. `total` is the number of results, and is left out when they are an object. */
export function success(results: unknown[] | Record<string, unknown>, { userName, userId }: Signer): Answer {
  const response = Array.isArray(results) ? { total: results.length, results } : { results }
  return {
    status: 200,
    body: { response, error: false, error_message: null, user_name: userName, id: userId, user_id: userId },
  }
}

/** Source: API v1 §13. */
export function failure(sentence: string, signer: Signer | null, status = 200): Answer {
  const id = signer?.userId ?? null
  return {
    status,
    body: {
      response: { total: 0, results: [] },
      error: true,
      error_message: sentence,
      user_name: signer?.userName ?? null,
      id,
      user_id: id,
    },
  }
}

/** The response to wrong or missing credentials: exactly Put.io's, with HTTP 200. Source: API v1 §3. */
export const loginFailure: Answer = {
  status: 200,
  body: {
    error_message: 'Unable to login. Please check your info.',
    user_id: null,
    response: { results: [{ user_name: null, user_id: null }] },
    error: true,
    user_name: null,
    id: null,
  },
}

/** Responses that are sent more than once, by what surrounds their results. */
const kept = new WeakMap<object, Map<string, Buffer>>()

/** Marks results to be serialized once and sent many times. They must not change any more. */
export function keepText<T extends unknown[]>(results: T): T {
  kept.set(results, new Map())
  return results
}

/** Writes a response as compact ASCII JSON, inside a callback if one was requested. Source: API v1 §1.5. */
export function write(answer: Answer, callback: string | null): { contentType: string; bytes: Buffer } {
  if (callback === null) return { contentType: 'application/json', bytes: toBytes(answer.body) }
  const text = `${callback}(${toBytes(answer.body).toString('latin1')});`
  return { contentType: 'text/javascript', bytes: Buffer.from(text, 'latin1') }
}

/** Serializes a value of any depth: a tree of folders can be deeper than `JSON.stringify` can handle. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  const parts: string[] = []
  const left: ({ text: string } | { value: unknown })[] = [{ value }]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if ('text' in next) parts.push(next.text)
    else if (typeof next.value !== 'object' || next.value === null) parts.push(JSON.stringify(next.value))
    else {
      const isList = Array.isArray(next.value)
      parts.push(isList ? '[' : '{')
      left.push({ text: isList ? ']' : '}' })
      const members = Object.entries(next.value).filter(([, member]) => isList || member !== undefined)
      for (const [index, [name, member]] of [...members.entries()].reverse()) {
        left.push({ value: member ?? null })
        const comma = index === 0 ? '' : ','
        left.push({ text: isList ? comma : `${comma}${JSON.stringify(name)}:` })
      }
    }
  }
  return parts.join('')
}

function toBytes(body: Answer['body']): Buffer {
  const { response, ...rest } = body
  const results = typeof response === 'object' && response !== null && 'results' in response ? response.results : null
  const answers = Array.isArray(results) ? kept.get(results) : undefined
  if (answers === undefined) return Buffer.from(toAscii(toJson(body)), 'latin1')
  const around = JSON.stringify(rest)
  const bytes = answers.get(around) ?? Buffer.from(toAscii(toJson(body)), 'latin1')
  answers.set(around, bytes)
  return bytes
}

function toAscii(json: string): string {
  // Counting bytes is much faster than checking each character, and there is seldom anything to replace.
  if (Buffer.byteLength(json) === json.length && !json.includes('\x7f')) return json
  return json.replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
