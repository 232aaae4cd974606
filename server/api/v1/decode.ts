import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { inTurn } from '../in-turn.ts'
import { code, formText, percentDecode, toAsciiCompatible, toText } from './bytes.ts'
import { type FoundObject, findObject, type Span } from './find-object.ts'

/** A decoded request, in whichever of API v1's forms the client sent it. */
export interface Decoded {
  /** From the path; empty when there is none. */
  resource: string
  method: string
  key: string | null
  secret: string | null
  callback: string | null
  /** Parses the parameters, which is done only for a known user. Null when the request is not JSON. */
  readParams(): Record<string, unknown> | null
}

// More than any honest request has: they are read before the client is known.
const maxFields = 100
const maxNameBytes = 40
const maxFieldBytes = 4096
const maxTwiceEncodedBytes = 1024 * 1024

/** How long a long request is decoded before other work runs, in milliseconds. */
const stepMs = 2

/** Clients that poll repeat the same request. */
const recent = new Map<string, Decoded>()
const maxRecent = 32
const maxRecentBytes = 2048

/**
 * Reads key, secret and method from a raw target and a raw body. It takes one pass over them, and in a long one lets
 * other work run. `charset` is the one that the client declared for its body, in lower case. Source: API v1 §1.1, §1.4.
 */
export async function decode(target: string, body: Buffer, charset: string | null): Promise<Decoded> {
  if (target.length + body.length > maxRecentBytes) return decodeYielding(target, body, charset)
  const cacheKey = `${target}\n${charset}\n${body.toString('latin1')}`
  const cached = recent.get(cacheKey)
  if (cached !== undefined) return cached
  const decoded = await decodeYielding(target, body, charset)
  if (recent.size >= maxRecent) recent.clear()
  recent.set(cacheKey, decoded)
  return decoded
}

async function decodeYielding(target: string, body: Buffer, charset: string | null): Promise<Decoded> {
  const steps = decodeInSteps(target, toAsciiCompatible(body, charset))
  const first = steps.next()
  if (first.done === true) return first.value
  return inTurn(async () => {
    let startedAt = performance.now()
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
      if (performance.now() - startedAt < stepMs) continue
      await yieldToEventLoop()
      startedAt = performance.now()
    }
  })
}

type Body = ReturnType<typeof toAsciiCompatible>

function* decodeInSteps(target: string, { body, charset }: Body): Generator<void, Decoded> {
  const bare = target.replace(/^https?:\/\/[^/?#]*/i, '')
  const mark = bare.indexOf('?')
  const path = mark === -1 ? bare : bare.slice(0, mark)
  const query = Buffer.from(mark === -1 ? '' : bare.slice(mark + 1), 'latin1')
  const [, resource = '', pathMethod = ''] = path.split('/').filter((segment) => segment !== '')
  const inQuery = yield* findRequest(query, null)
  const found = inQuery ?? (yield* findRequest(body, charset)) ?? (yield* findWholeBody(body, charset))
  const fieldsAround = (bytes: Buffer, encoding: string | null) => {
    const at = found?.within === bytes ? found : null
    return {
      before: fieldReader(bytes, { start: 0, end: at?.fieldStart ?? bytes.length }, encoding),
      after: at === null ? null : fieldReader(bytes, { start: at.object.end, end: bytes.length }, encoding),
    }
  }
  const [queryFields, bodyFields] = [fieldsAround(query, null), fieldsAround(body, charset)]
  const isFlat = found === null
  const flat = (name: string) => (isFlat ? (bodyFields.before(name) ?? queryFields.before(name)) : null)
  return {
    resource,
    method:
      queryFields.before('method') ??
      queryFields.after?.('method') ??
      (isFlat || found.within === body ? bodyFields.before('method') : null) ??
      bodyFields.after?.('method') ??
      pathMethod,
    key: isFlat ? flat('api_key') : readText(found, found.object.key),
    secret: isFlat ? flat('api_secret') : readText(found, found.object.secret),
    callback: toCallback(
      (queryFields.after ?? queryFields.before)('callback') ?? bodyFields.after?.('callback') ?? null,
    ),
    readParams: once(() => (isFlat ? toParams(flat('params')) : paramsIn(found))),
  }
}

interface Found {
  /** The bytes that contain it. */
  within: Buffer
  charset: string | null
  /** The start of its field's name. */
  fieldStart: number
  object: FoundObject
}

function* findRequest(within: Buffer, charset: string | null): Generator<void, Found | null> {
  for (const { name, start } of fieldsOf(within, { start: 0, end: within.length })) {
    if (name !== 'request') continue
    const object = yield* findObject(within, start)
    return object === null ? null : { within, charset, fieldStart: start - 'request='.length, object }
  }
  return null
}

/** A body without a field name: the JSON itself, form-encoded or not, or form-encoded twice (Ruby 1.8). */
function* findWholeBody(body: Buffer, charset: string | null): Generator<void, Found | null> {
  const isTwice = /^%257b/i.test(body.toString('latin1', 0, 5)) && body.length <= maxTwiceEncodedBytes
  const within = isTwice ? percentDecode(body, true) : body
  const object = yield* findObject(within, 0)
  return object === null ? null : { within, charset, fieldStart: 0, object }
}

interface Field extends Span {
  name: string
}

/** The first fields of form-encoded bytes: their names, and the positions of their values. */
function* fieldsOf(bytes: Buffer, { start: from, end: to }: Span): Generator<Field> {
  let start = from
  for (let count = 0; start < to && count < maxFields; count += 1) {
    const ampersand = bytes.indexOf(code.ampersand, start)
    const end = ampersand === -1 || ampersand > to ? to : ampersand
    const head = bytes.toString('latin1', start, Math.min(end, start + maxNameBytes))
    const equals = head.indexOf('=')
    if (equals !== -1)
      yield { name: head.slice(head.startsWith('amp;') ? 4 : 0, equals), start: start + equals + 1, end }
    start = end + 1
  }
}

/** Returns a function that reads the first occurrence of a field; null when there is none. */
function fieldReader(bytes: Buffer, span: Span, charset: string | null): (name: string) => string | null {
  if (span.start >= span.end) return () => null
  let fields: Field[] | null = null
  return (name) => {
    fields ??= [...fieldsOf(bytes, span)]
    const field = fields.find((one) => one.name === name)
    if (field === undefined || (name !== 'params' && field.end - field.start > maxFieldBytes)) return null
    return formText(bytes.subarray(field.start, field.end), true, charset)
  }
}

/** Text without any characters that some form encodes. */
const plainText = /^[\w.!~*'()-]*$/

/** Reads a string of the object, such as the key. */
function readText({ within, charset, object }: Found, span: Span | null): string | null {
  if (span === null || span.end - span.start > maxFieldBytes) return null
  const plain = within.toString('latin1', span.start, span.end)
  if (plainText.test(plain)) return plain
  const raw = within.subarray(span.start, span.end)
  const written = object.isEncoded ? formText(raw, object.hasPlus, charset) : toText(raw, charset)
  const text: unknown = parseJson(`"${written}"`)
  return typeof text === 'string' ? text : null
}

function paramsIn({ within, charset, object }: Found): Record<string, unknown> | null {
  const raw = within.subarray(object.start, object.end)
  // Tries the detected form first, because not every client encodes correctly.
  const plus = object.hasPlus ? [true, false] : [false, true]
  const forms = plus.map((hasPlus) => () => formText(raw, hasPlus, charset))
  if (!object.isEncoded) forms.unshift(() => toText(raw, charset))
  for (const form of forms) {
    const request = parseJson(form())
    if (isObject(request)) return toParams(request.params)
  }
  return null
}

function once<T>(read: () => T): () => T {
  let done: { value: T } | null = null
  return () => {
    done ??= { value: read() }
    return done.value
  }
}

function toParams(raw: unknown): Record<string, unknown> {
  const params = typeof raw === 'string' ? parseJson(raw) : raw
  return isObject(params) ? params : {}
}

function toCallback(name: string | null): string | null {
  return name !== null && /^[\w$.]{1,100}$/.test(name) ? name : null
}

function parseJson(text: string): unknown {
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
