import { describe, expect, it } from 'vitest'
import { redact } from './log.ts'
import { keepSecret } from './secrets.ts'

const canary = 'Canary42'
const passkey = '0123456789abcdef0123456789abcdef'
const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')

/** Ways to write the letters of a text. */
const disguises: Record<string, (text: string) => string> = {
  plain: (text) => text,
  'percent-encoded letters': (text) => text.replace(/[a-z]/gi, percent),
  'every second letter percent-encoded': (text) =>
    text.replace(/[a-z0-9](.|$)/gi, (pair) => percent(pair.slice(0, 1)) + pair.slice(1)),
  'twice percent-encoded letters': (text) => text.replace(/[a-z]/gi, (letter) => percent(letter).replace('%', '%25')),
  'letters percent-encoded three times': (text) =>
    text.replace(/[a-z]/gi, (letter) => percent(letter).replace('%', '%2525')),
  'JSON escapes': (text) => text.replace(/[a-z]/gi, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`),
  'upper case': (text) => text.toUpperCase(),
}

/** Where a secret that the service has never seen can occur. */
const places = [
  `/stream-file/1/2/atk/${canary}`,
  `/stream-file/1/2//atk//${canary}`,
  `/stream-file/1/2/atk///${canary}/x`,
  `/stream-file/1/2\\atk\\${canary}`,
  `http://127.0.0.1:8080/download-file/1/2/ATK/${canary}?x`,
  `/v1/user?oauth_token=${canary}&method=info`,
  `/stream-file/1/2?token=${canary}`,
  `http://a.example/x#access_token=${canary}`,
  `request={"api_key":"${canary}","api_secret":"${canary}"}`,
  `request={"api_key": ["${canary}"]}`,
  `request=%7B%22api_key%22%3A%22${canary}%22%2C%22api_secret%22%3A+%22${canary}%22%7D`,
  `api_key=${canary}&api_secret=${canary}`,
  `api_key[]=${canary}`,
  `password: '${canary} with spaces', next`,
  `“secret”: “${canary}”`,
  `Authorization: Basic ${canary}==`,
  `{"authorization":"Bearer ${canary}"}`,
  `Cookie: session=1; id=${canary}; more=${canary}`,
  `Set-Cookie: id=${canary}; Path=/`,
  `Referer: http://a.example/${canary}`,
  `sent Basic ${canary}${canary}`,
  `http://me:${canary}@host.example/file`,
  `ftp://${canary}@host.example/file`,
  `https://me:pass/${canary}@host.example/file`,
  `http://user:${canary}@a@host.example/file`,
  `http://tracker.example/${passkey}/announce`,
  `http://tracker.example/announce/${passkey}`,
  `http://tracker.example/announce?passkey=${canary}`,
  `magnet:?xt=urn:btih:${passkey}&tr=http%3A%2F%2Ft.example%2F${passkey}%2Fannounce`,
  `data:application/x-bittorrent;base64,${canary}`,
]

describe('a log entry', () => {
  it.each(Object.keys(disguises))('holds no secret, wherever it occurs: %s', (name) => {
    const disguise = disguises[name] ?? ((text: string) => text)
    const leaks = places
      .map((place) => {
        const text = disguise(place)
        return [text, redact(`asked for ${text}`)]
      })
      .filter(([, shown = '']) => shown.toLowerCase().includes('canary42') || shown.includes(passkey))
    expect(leaks).toEqual([])
  })

  it('holds no known secret, in any form', () => {
    const secret = 'ö "known" secret/+%'
    keepSecret(secret, null, undefined, 'abc')
    const forms = [
      secret,
      encodeURIComponent(secret),
      encodeURIComponent(encodeURIComponent(secret)),
      percent(secret),
      JSON.stringify(secret),
      Buffer.from(secret).toString('base64'),
    ]
    const shown = forms.map((form) => redact(`it written <${form}>, that is all`))
    expect(shown.filter((text) => /known|96|IGtub3du/i.test(text))).toEqual([])
    expect(redact('abc')).toBe('abc')
  })

  it('still says what happened and where', () => {
    const lines = [
      'Error: “Big film (2019) [1080p].mkv” could not be fetched: the server answered 503.',
      '    at readParams (file:///opt/putdesk/server/api/v1/params.ts:20:13)',
      '    at async Promise.all (index 0)',
      'The data folder “/srv/putdesk-data-on-disk-2” cannot be used.',
      'http://host.example:8080/a/b.zip: 3 of 10 bytes',
    ]
    expect(lines.map(redact)).toEqual(lines)
  })

  it('has its control characters escaped, except line feeds', () => {
    const written = redact('a\r\x1b[2J\u0085b\u2028c\u202ed\u0000e\nf')
    expect(written).toBe('a\\u{d}\\u{1b}[2J\\u{85}b\\u{2028}c\\u{202e}d\\u{0}e\nf')
  })

  it.each([
    'a.',
    'http://',
    '@',
    '://a@',
    'password="\\',
    'api_key=',
    '%25',
    '/atk',
    '\\u0061',
    'a1',
    'cookie',
    'basic ',
    ' ',
    '“',
  ])('is redacted in time proportional to its length when it repeats %j', (filler) => {
    const before = process.threadCpuUsage()
    for (let n = 0; n < 5; n++) redact(filler.repeat(1_000_000))
    const { user, system } = process.threadCpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(1500)
  })
})
