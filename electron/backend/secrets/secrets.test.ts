import { expect, it } from 'vitest'
import { type Item, toColumns } from '../../../shared/item.ts'
import { Secrets } from './secrets.ts'

const secret = 'Open-Sesame/77+ü"x'
const token = 'bebe56e6b3455440f90bf9dec14b7c6be814c7c0'

function secretsOf(text = secret): Secrets {
  const secrets = new Secrets()
  secrets.add(text, { isOfServer: true })
  return secrets
}

it.each([
  ['verbatim', secret],
  ['percent-encoded', encodeURIComponent(secret)],
  ['percent-encoded in small letters', encodeURIComponent(secret).toLowerCase().replace('open-sesame', 'Open-Sesame')],
  ['in a form', new URLSearchParams({ request: secret }).toString()],
  ['in JSON', JSON.stringify({ api_secret: secret })],
  ['in JSON with escaped slashes', JSON.stringify({ api_secret: secret }).replaceAll('/', '\\/')],
  ['percent-encoded twice', encodeURIComponent(encodeURIComponent(secret))],
  ['in a form within a form', new URLSearchParams({ a: new URLSearchParams({ b: secret }).toString() }).toString()],
  ['in JSON within JSON', JSON.stringify(JSON.stringify({ api_secret: secret }))],
  ['percent-encoded in JSON', JSON.stringify({ url: `http://x/?s=${encodeURIComponent(secret)}` })],
  ['in base64', Buffer.from(secret).toString('base64')],
  ['in base64 of a user and a password', Buffer.from(`me:${secret}`).toString('base64')],
  ['in base64 of a longer text', Buffer.from(`user:${secret} and more`).toString('base64')],
  ['in base64 as in URLs', Buffer.from(`me:${secret}`).toString('base64url')],
  ['in JSON in a form', new URLSearchParams({ request: JSON.stringify({ api_secret: secret }) }).toString()],
])('removes a secret from every text: %s', (_how, echo) => {
  const clean = secretsOf().cleanMessage({
    id: 1,
    error: { code: 'refused', sentence: `You sent ${echo}.` },
    rows: [{ name: `${echo}.mkv`, links: [echo] }],
    [echo]: null,
  })
  expect(JSON.stringify(clean)).not.toMatch(/sesame/i)
  const decoded = JSON.stringify(clean).replaceAll(/[\w+/-]{12,}/g, (run) => readings(run).join(' '))
  expect(decoded).not.toMatch(/esame/i)
})

/** What a run of characters may be in base64, wherever in it that begins. */
function readings(run: string): string[] {
  return [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), 'base64').toString('latin1'))
}

it.each([
  `/atk/${token}`,
  `/atk//${token}`,
  `//atk////${token}`,
  `/ATK/${token}`,
  `%2Fatk%2F${token}`,
  `%2fAtk%2f%2F${token}`,
  `%252Fatk%252F${token}`,
  `\\/atk\\/${token}`,
  `/atk%2F/${token}`,
  `?token=${token}`,
  `&OAUTH_TOKEN=${token}`,
])('removes a stream token from a sentence: %s', (end) => {
  const text = `No answer from http://s01.put.io/stream-file/17/47${end} (tried twice)`
  const clean = new Secrets().cleanSentence(text)
  expect(clean).not.toContain(token)
  expect(clean).toMatch(/^No answer from http:\/\/s01\.put\.io\/stream-file\/17\/47.*•••/)
})

it('leaves names, links and typed arrays without a secret alone, and does not copy them', () => {
  const secrets = secretsOf('demo')
  const items = Array.from({ length: 100_000 }, (_, id): Item => {
    return { id, parentId: 0, name: `demo ${id} http://x/atk/1.mkv`, kind: 'movie', sizeBytes: 1, addedAtMs: null }
  })
  const message = { id: 1, output: toColumns(items) }
  const before = process.threadCpuUsage()
  expect(secrets.cleanMessage(message)).toBe(message)
  expect(secretsOf().cleanMessage(message)).toBe(message)
  const { user, system } = process.threadCpuUsage(before)
  expect((user + system) / 1000).toBeLessThan(300)
})

it('hides a short secret in sentences only, as a name may contain it by chance', () => {
  expect(secretsOf('demo').cleanMessage({ name: 'demo.mkv', sentence: 'demo was refused' })).toEqual({
    name: 'demo.mkv',
    sentence: '••• was refused',
  })
})

it.each(['/atk/', '%2Fatk', '/atk', '%2f', '?token=', secret.slice(0, -1)])(
  'takes time in proportion to the length of a sentence of many %j',
  (part) => {
    const time = (length: number) => {
      const text = part.repeat(length / part.length)
      const secrets = secretsOf()
      const runs = Array.from({ length: 3 }, () => {
        const startedAt = performance.now()
        secrets.cleanMessage({ sentence: text })
        return performance.now() - startedAt
      })
      return Math.min(...runs)
    }
    time(100_000)
    expect(time(4_000_000)).toBeLessThan(Math.max(4 * time(1_000_000) * 2.5, 60))
    expect(secretsOf().cleanMessage({ sentence: part.repeat(100_000) }).sentence.length).toBeLessThan(2010)
  },
)
