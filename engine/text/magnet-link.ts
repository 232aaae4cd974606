import { percentBytes } from './percent.ts'
import { decodeName } from './text-bytes.ts'

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const start = /^\s*magnet:(?:\/\/)?\s*\?/i

/** True for a magnet link in any spelling. */
export function isMagnet(link: string): boolean {
  return start.test(link)
}

/**
 * The parameters of a magnet link in order, with raw values and lower-case keys: some programs write keys in capitals or with
 * blanks, and text copied from a page may begin with the rest of “&amp;”. Source: BEP 9.
 */
export function magnetParameters(link: string): [key: string, value: string][] {
  const parameters = link.trim().replace(start, '').split('&')
  return parameters.map((parameter) => {
    const at = parameter.indexOf('=')
    const [key, value] = at === -1 ? [parameter, ''] : [parameter.slice(0, at), parameter.slice(at + 1)]
    return [magnetText(key).trim().toLowerCase().replace(/^amp;/, ''), value]
  })
}

/** A value decoded as UTF-8. */
export function magnetText(value: string): string {
  return bytesOf(value).toString('utf8')
}

/** The name in a magnet link, in whatever encoding; null when there is none. Unreadable bytes stay percent-encoded. */
export function magnetName(link: string): string | null {
  const [, written = ''] = magnetParameters(link).find(([key]) => key === 'dn') ?? []
  const value = written.trim()
  return value === '' ? null : (decodeName(bytesOf(value)) ?? value)
}

/** The info hash in an exact topic (`xt`), as 40 lower-case hex digits; null for any other topic. */
export function infoHashOf(topic: string): string | null {
  const hash = /^\s*urn:btih:\s*([0-9a-z]+)[\s/.]*$/i.exec(topic)?.[1]?.toUpperCase() ?? ''
  if (/^[0-9A-F]{40}$/.test(hash)) return hash.toLowerCase()
  if (!/^[A-Z2-7]{32}$/.test(hash)) return null
  const bits = [...hash].reduce((value, digit) => value * 32n + BigInt(base32.indexOf(digit)), 0n)
  return bits.toString(16).padStart(40, '0')
}

function bytesOf(value: string): Buffer {
  return percentBytes(value.replaceAll('+', ' '))
}

/**
 * A magnet link with lower-case keys and topic kind, as every service accepts them, of at most `maxLength` characters: the last
 * parameters, mostly trackers, are dropped to shorten it, but never a topic.
 */
export function plainMagnet(link: string, maxLength: number): string {
  if (link.length <= maxLength && isPlain.test(link) && !oddKey.test(link)) return link
  const query = link.slice(link.indexOf('?') + 1)
  const parameters = query.split('&').filter((parameter) => parameter !== '')
  const plain = `magnet:?${parameters.map(plainParameter).join('&')}`
  return plain.length <= maxLength ? plain : shorten(plain, maxLength)
}

/** The form of almost all magnets. */
const isPlain = /^magnet:\?xt=urn:bt[im]h:/
const oddKey = /[?&](?![a-z0-9._]+=)/

function shorten(magnet: string, maxLength: number): string {
  const parameters = magnet.slice('magnet:?'.length).split('&')
  const [topics, others] = [parameters.filter(isTopic), parameters.filter((parameter) => !isTopic(parameter))]
  const kept: string[] = []
  let room = maxLength - 'magnet:?'.length
  for (const parameter of [...topics, ...others]) {
    room -= parameter.length + 1
    if (room < 0) break
    kept.push(parameter)
  }
  return `magnet:?${kept.join('&')}`
}

function isTopic(parameter: string): boolean {
  return /^xt(?:\.\d+)?=/.test(parameter)
}

function plainParameter(parameter: string): string {
  const value = parameter.indexOf('=') + 1
  const key = parameter.slice(0, value).toLowerCase()
  return key + parameter.slice(value).replace(/^urn:bt[im]h:/i, (kind) => kind.toLowerCase())
}
