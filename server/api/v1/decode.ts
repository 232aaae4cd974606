/** What a client said, whichever of the ways of API v1 it said it in. */
export interface Decoded {
  /** Lower case, from the path; empty when there is none. */
  resource: string
  method: string
  key: string | null
  secret: string | null
  params: Record<string, unknown>
  /** True for our own client, which understands more than old ones do. */
  isExtended: boolean
  callback: string | null
}

// Enough for any honest request; keeps a hostile one from being parsed again and again.
const maxTries = 64
const maxWork = 32 * 1024 * 1024

/** Reads a request from its raw target and raw body. Source: API v1 §1.1, §1.4. */
export function decode(target: string, body: string): Decoded {
  const [path = '', ...queries] = target.replace(/^https?:\/\/[^/?#]*/i, '').split('?')
  const query = queries.join('?')
  const [, resource = '', pathMethod = ''] = path.split('/').filter((segment) => segment !== '')
  const inQuery = findRequest(query)
  const inBody = inQuery === null ? (findRequest(body) ?? findWholeBody(body)) : null
  const found = inQuery ?? inBody
  const queryAround = inQuery ?? { before: query, after: query }
  const bodyAround = inBody ?? { before: found === null ? body : '', after: '' }
  const request = found?.request ?? flatFields(query, body)
  const method =
    field(queryAround.before, 'method') ??
    field(queryAround.after, 'method') ??
    field(bodyAround.before, 'method') ??
    field(bodyAround.after, 'method') ??
    pathMethod
  return {
    resource,
    method,
    key: textOrNull(request.api_key),
    secret: textOrNull(request.api_secret),
    params: toParams(request.params),
    isExtended: request.putdesk === 1,
    callback: toCallback(field(queryAround.after, 'callback') ?? field(bodyAround.after, 'callback')),
  }
}

interface Found {
  request: Record<string, unknown>
  before: string
  after: string
}

function findRequest(text: string): Found | null {
  const start = /(?:^|&)(?:amp;)?request=/.exec(text)
  if (start === null) return null
  const from = start.index + start[0].length
  const before = text.slice(0, start.index)
  for (const end of candidateEnds(text, from)) {
    const request = parseObject(text.slice(from, end))
    if (request !== null) return { request, before, after: text.slice(end) }
  }
  return null
}

/** The end of the text, then each `&` from right to left; the first `&` is always among them. */
function* candidateEnds(text: string, from: number): Generator<number> {
  if (from >= text.length) return
  const tries = Math.max(3, Math.min(maxTries, Math.floor(maxWork / (text.length - from))))
  let end = text.length
  for (let tried = 0; end > from && tried < tries; tried++) {
    yield end
    end = text.lastIndexOf('&', end - 1)
    if (end < from) return
  }
  const first = text.indexOf('&', from)
  if (first !== -1) yield first
}

function parseObject(raw: string): Record<string, unknown> | null {
  const isRaw = raw.includes('{') || raw.includes('"')
  const forms = isRaw
    ? [raw, percentDecode(raw, false), percentDecode(raw, true)]
    : [percentDecode(raw, true), percentDecode(raw, false)]
  for (const form of forms) {
    const parsed = parseJson(form)
    if (isObject(parsed)) return parsed
  }
  return null
}

/** A body without a key: form-encoded twice (Ruby 1.8), or the JSON itself. */
function findWholeBody(body: string): Found | null {
  const twice = percentDecode(percentDecode(body.replace(/=$/, ''), true), true)
  for (const text of [twice, body.trimStart().startsWith('{') ? body : '']) {
    const parsed = parseJson(text)
    if (isObject(parsed) && text.trimStart().startsWith('{')) return { request: parsed, before: '', after: '' }
  }
  return null
}

function flatFields(query: string, body: string): Record<string, unknown> {
  const read = (name: string) => field(body, name) ?? field(query, name)
  return { api_key: read('api_key'), api_secret: read('api_secret'), params: read('params') }
}

/** The first occurrence of a field in form-encoded text. */
function field(text: string, name: string): string | null {
  for (const part of text.split('&')) {
    const bare = part.replace(/^amp;/, '')
    if (bare.startsWith(`${name}=`)) return percentDecode(bare.slice(name.length + 1), true)
  }
  return null
}

/** Decodes `%XX` as UTF-8 and leaves a lone `%` as it is. */
function percentDecode(text: string, hasPlus: boolean): string {
  const spaced = hasPlus ? text.replaceAll('+', ' ') : text
  try {
    return decodeURIComponent(spaced)
  } catch {
    // Not every client encodes soundly.
    return decodeRuns(spaced)
  }
}

function decodeRuns(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}

function toParams(said: unknown): Record<string, unknown> {
  const params = typeof said === 'string' ? parseJson(said) : said
  return isObject(params) ? params : {}
}

function toCallback(name: string | null): string | null {
  return name !== null && /^[\w$.]{1,100}$/.test(name) ? name : null
}

function parseJson(text: string): unknown {
  if (!/^\s*[{]/.test(text)) return null
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
