/** What stands in a text in place of a secret. */
const hidden = '•••'
/** Shorter ones are words that a file's name may well hold: they are hidden in sentences only. */
const minLengthInNames = 8
const minLength = 4
const maxSentence = 2000
const maxLine = 64 * 1024

/** Fields that a person only reads. Everything else may come back to us, as a name does when it is changed. */
const sentenceFields = new Set(['sentence', 'problem', 'problems', 'reason', 'title'])

/**
 * The secrets that the backend holds, and how a text is freed of them: whole, percent-encoded and as in JSON. What leaves for the
 * window or the log goes through here.
 */
export class Secrets {
  readonly #inNames = new Set<string>()
  readonly #inSentences = new Set<string>()
  /** At least as long as a token. */
  #longest = 512

  /** From now on this text never leaves. `isOfServer`: its server may echo it, in whatever it answers. */
  add(secret: string, { isOfServer = false } = {}): void {
    if (secret.length < minLength) return
    for (const form of formsOf(secret)) {
      this.#inSentences.add(form)
      this.#longest = Math.max(this.#longest, form.length)
      if (isOfServer && secret.length >= minLengthInNames) this.#inNames.add(form)
    }
  }

  /** A sentence or a line of the log: without secrets, stream tokens and capability links. */
  cleanSentence(text: string): string {
    if (text.length <= maxLine) return withoutTokens(without(text, this.#inSentences))
    const cut = withoutTokens(without(text.slice(0, maxLine), this.#inSentences))
    // The cut may have gone through a secret.
    return `${cut.slice(0, -this.#longest)}…`
  }

  /** True where a text holds what `cleanMessage` would take out of a name. */
  isIn(text: string): boolean {
    return [...this.#inNames].some((form) => text.includes(form))
  }

  /** Plain data with each text freed of secrets; what holds none is answered with as it is. */
  cleanMessage<T>(message: T): T
  cleanMessage(message: unknown): unknown {
    return this.#clean(message, false)
  }

  #clean(value: unknown, isSentence: boolean): unknown {
    if (typeof value === 'string')
      return isSentence ? shorten(this.cleanSentence(value)) : without(value, this.#inNames)
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
    if (Array.isArray(value)) {
      const members = value.map((member) => this.#clean(member, isSentence))
      return members.every((member, index) => member === value[index]) ? value : members
    }
    const fields = Object.entries(value).map(([name, field]): [string, unknown] => [
      without(name, this.#inNames),
      this.#clean(field, sentenceFields.has(name)),
    ])
    const isSame = Object.entries(value).every(
      ([name, field], index) => fields[index]?.[0] === name && fields[index]?.[1] === field,
    )
    return isSame ? value : Object.fromEntries(fields)
  }
}

/** How a secret may stand in an echo of the request that it was in. */
function formsOf(secret: string): Set<string> {
  const whole = secret.toWellFormed()
  const encoded = [encodeURIComponent(whole), new URLSearchParams({ '': whole }).toString().slice(1)]
  const inJson = JSON.stringify(secret).slice(1, -1)
  return new Set([
    secret,
    ...encoded,
    ...encoded.map((text) => text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
    inJson,
    encodeURIComponent(inJson.toWellFormed()),
    inJson.replaceAll('/', '\\/'),
  ])
}

function without(text: string, forms: ReadonlySet<string>): string {
  let clean = text
  for (const form of forms) if (clean.includes(form)) clean = clean.replaceAll(form, hidden)
  return clean
}

/** A slash as it is, percent-encoded once or more, or as in JSON. */
const slash = String.raw`(?:\\?/|%(?:25){0,4}2f)`
const token = new RegExp(`(${slash}atk${slash}+)[^/\\s"')<>]+`, 'gi')

/** Stream tokens and capability links are secrets whoever made them. Source: API v1 §12. */
function withoutTokens(text: string): string {
  return text
    .replaceAll(token, `$1${hidden}`)
    .replaceAll(/([?&](?:oauth_|access_)?token=)[^&\s"')]+/gi, `$1${hidden}`)
    .replaceAll(/\/s\/[0-9a-f]{32}/gi, `/s/${hidden}`)
}

/** Nobody reads more of a sentence, whoever wrote it. */
function shorten(sentence: string): string {
  return sentence.length > maxSentence ? `${sentence.slice(0, maxSentence)}…` : sentence
}
