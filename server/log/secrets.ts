/** Shorter secrets would match in any text; they are hidden only where the text says what they are. */
const minKnownLength = 5
const maxKnown = 1000
const maxRounds = 3
const known = new Set<string>()

/** Hides texts in everything that is logged, in every form in which they may be encoded or quoted. */
export function keepSecret(...texts: (string | null | undefined)[]): void {
  for (const text of texts) {
    if (text === null || text === undefined || text.length < minKnownLength) continue
    const encoded = encodeURIComponent(text.toWellFormed()).replaceAll("'", '%27')
    const forms = [text, encoded, encoded.replaceAll('%20', '+'), JSON.stringify(text).slice(1, -1), base64(text)]
    for (const form of forms) if (known.size < maxKnown) known.add(plain(form))
  }
}

/**
 * Removes every known secret from a text, and whatever looks like one: request signatures, queries, user names in addresses,
 * passkeys. Runs in linear time.
 */
export function hide(text: string): string {
  let shown = plain(text)
  for (const secret of known) shown = shown.replaceAll(secret, '…')
  return shown
    .replace(headerLine, '$1…')
    .replace(/\b(basic|bearer)\s+[\w+/=.~-]{8,}/gi, '$1 …')
    .replace(namedValue, '$1…')
    .replace(/[^\s"'“”‘’<>`]+/g, hideInWord)
}

/** Decodes escaped letters, so that `%61tk` or `%2561tk` is recognized; spaces and quotes stay encoded. */
function plain(text: string): string {
  let undone = text
  // The result may be escaped again.
  for (let round = 0; round < maxRounds && /%|\\u00/.test(undone); round += 1) {
    undone = undone
      .replace(/%(?:25){0,8}([0-9a-f]{2})/gi, (_all, digits: string) => {
        const character = String.fromCharCode(Number.parseInt(digits, 16))
        return /[\w./:=?@~!()*-]/.test(character) ? character : `%${digits.toUpperCase()}`
      })
      .replace(/\\u00([4-7][0-9a-f])/gi, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  }
  return undone
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64').replace(/=+$/, '')
}

/** Headers whose complete value is secret, with a name before it or in quotes. */
const headerLine = /\b((?:proxy-)?authorization|(?:set-)?cookie|referer)\b["']?\s{0,9}[:=][^\n]*/gi

/** A name that announces a secret, and its value: in quotes, or up to the delimiter in a query, JSON or a sentence. */
const namedValue = new RegExp(
  [
    '((?:api[_-]?key|secret|token|pass(?:word|wd|key|phrase)?|pwd|auth[_-]?key|rsskey|session[_-]?id|signature|(?<![a-z])key)',
    '(?:\\[[^\\]\\s]{0,20}\\])?(?:["\'”’]|%2[27])?\\s{0,9}[:=]\\s{0,9}\\[?)',
    '("(?:[^"\\\\\\n]|\\\\.)*(?:"|$)|\'[^\'\\n]*(?:\'|$)|“[^”\\n]*(?:”|$)|[^\\s,&;}\\]]+)',
  ].join(''),
  'gim',
)

function hideInWord(word: string): string {
  if (/^data:/i.test(word)) return 'data:…'
  const query = word.indexOf('?')
  const isAddress = word.includes('://')
  const hash = isAddress ? word.indexOf('#') : -1
  const ends = [query, hash].filter((at) => at !== -1)
  const end = Math.min(word.length, ...ends)
  const path = withoutUser(word.slice(0, end)).replace(/([\\/]atk)[\\/].*$/i, '$1/…')
  return `${hidePasskeys(path)}${end === word.length ? '' : `${word[end]}…`}`
}

function withoutUser(word: string): string {
  const scheme = word.indexOf('://')
  const at = word.lastIndexOf('@')
  return scheme === -1 || at < scheme ? word : `${word.slice(0, scheme + 3)}${word.slice(at + 1)}`
}

/** A long run of letters and digits is more likely a key than a name. */
function hidePasskeys(word: string): string {
  return word.replace(/[a-z0-9+=]{16,}/gi, (run) => (/\d/.test(run) && /[a-z]/i.test(run) ? '…' : run))
}
