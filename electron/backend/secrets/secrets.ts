/** The replacement for a secret in a text. */
const hidden = '•••'
/** A shorter secret may be a common word in file names, so it is hidden in sentences only. */
const minLengthInNames = 8
const minLength = 4
const maxSentence = 2000
const maxLine = 64 * 1024

/** Fields that the user only reads. Other fields may be sent back to the backend, such as a name that is edited. */
const sentenceFields = new Set(['sentence', 'problem', 'problems', 'reason', 'title'])

/**
 * Holds the backend's secrets and removes them from texts: verbatim, percent-encoded, JSON-escaped, any two of these on top of each
 * other, and in base64. Everything that is sent to the window or written to the log goes through here.
 */
export class Secrets {
  readonly #inNames = new Set<string>()
  readonly #inSentences = new Set<string>()
  /** At least as long as a token. */
  #longest = 512

  /** Registers a secret. `isOfServer`: its server may echo it anywhere in a response. */
  add(secret: string, { isOfServer = false } = {}): void {
    if (secret.length < minLength) return
    for (const form of formsOf(secret)) {
      this.#inSentences.add(form)
      this.#longest = Math.max(this.#longest, form.length)
      if (isOfServer && secret.length >= minLengthInNames) this.#inNames.add(form)
    }
  }

  /** Removes secrets, stream tokens and capability links from a sentence or a log line. */
  cleanSentence(text: string): string {
    if (text.length <= maxLine) return withoutTokens(without(text, this.#inSentences))
    const cut = withoutTokens(without(text.slice(0, maxLine), this.#inSentences))
    // A secret may have been cut in half.
    return `${cut.slice(0, -this.#longest)}…`
  }

  /** True if a text contains a secret that `cleanMessage` would remove from a name. */
  isIn(text: string): boolean {
    return [...this.#inNames].some((form) => text.includes(form))
  }

  /** Removes secrets from every string in plain data. Returns the same object if there are none. */
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

/** The forms in which a server may echo a secret: as it is, encoded once or twice, or in base64. */
function formsOf(secret: string): Set<string> {
  const once = [secret, ...encodingsOf(secret)]
  return new Set([...once, ...once.flatMap(encodingsOf), ...base64Of(secret)])
}

/** Percent-encoded, as in a form, and as in JSON. */
function encodingsOf(text: string): string[] {
  const whole = text.toWellFormed()
  const encoded = [encodeURIComponent(whole), new URLSearchParams({ '': whole }).toString().slice(1)]
  const inJson = JSON.stringify(text).slice(1, -1)
  return [
    ...encoded,
    ...encoded.map((one) => one.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
    inJson,
    inJson.replaceAll('/', '\\/'),
  ]
}

/** The characters of base64 that depend on the secret alone, wherever it begins in the encoded text; also as in URLs. */
function base64Of(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [0, 1, 2].flatMap((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    const inside = whole.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
    if (inside.length < minLengthInNames) return []
    return [inside, inside.replaceAll('+', '-').replaceAll('/', '_'), encodeURIComponent(inside)]
  })
}

function without(text: string, forms: ReadonlySet<string>): string {
  let clean = text
  for (const form of forms) if (clean.includes(form)) clean = clean.replaceAll(form, hidden)
  return clean
}

/** A slash: verbatim, percent-encoded once or more, or JSON-escaped. */
const slash = String.raw`(?:\\?/|%(?:25){0,4}2f)`
const token = new RegExp(`(${slash}atk${slash}+)[^/\\s"')<>]+`, 'gi')

/** Stream tokens and capability links are always secrets, whoever issued them. Source: API v1 §12. */
function withoutTokens(text: string): string {
  return text
    .replaceAll(token, `$1${hidden}`)
    .replaceAll(/([?&](?:oauth_|access_)?token=)[^&\s"')]+/gi, `$1${hidden}`)
    .replaceAll(/\/s\/[0-9a-f]{32}/gi, `/s/${hidden}`)
}

/** Truncates overlong sentences. */
function shorten(sentence: string): string {
  return sentence.length > maxSentence ? `${sentence.slice(0, maxSentence)}…` : sentence
}
