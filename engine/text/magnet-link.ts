import { percentBytes } from './percent.ts'
import { decodeName } from './text-bytes.ts'

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const start = /^\s*magnet:(?:\/\/)?\s*\?/i

/** True for what begins as a magnet link, however it is written. */
export function isMagnet(link: string): boolean {
  return start.test(link)
}

/**
 * The parameters of a magnet link in order, values as they stand in it, keys in lower case: some programs write them in capitals, or
 * with blanks, and what was copied from a page may begin with the rest of “&amp;”. Source: BEP 9.
 */
export function magnetParameters(link: string): [key: string, value: string][] {
  const parameters = link.trim().replace(start, '').split('&')
  return parameters.map((parameter) => {
    const at = parameter.indexOf('=')
    const [key, value] = at === -1 ? [parameter, ''] : [parameter.slice(0, at), parameter.slice(at + 1)]
    return [magnetText(key).trim().toLowerCase().replace(/^amp;/, ''), value]
  })
}

/** The text of a value in UTF-8. */
export function magnetText(value: string): string {
  return bytesOf(value).toString('utf8')
}

/** The name that a magnet link tells, in whatever encoding; null when it tells none. What nobody can read stays percent-encoded. */
export function magnetName(link: string): string | null {
  const [, written = ''] = magnetParameters(link).find(([key]) => key === 'dn') ?? []
  const value = written.trim()
  return value === '' ? null : (decodeName(bytesOf(value)) ?? value)
}

/** The info hash that an exact topic (`xt`) names, as 40 hex digits in lower case; null for any other topic. */
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
 * A magnet link with its keys and the kind of its topic in lower case, as every service takes them, and of at most `maxLength`
 * characters: of a longer one the last parameters are left out, which are trackers mostly, but never a topic.
 */
export function plainMagnet(link: string, maxLength: number): string {
  if (link.length <= maxLength && isPlain.test(link) && !oddKey.test(link)) return link
  const query = link.slice(link.indexOf('?') + 1)
  const parameters = query.split('&').filter((parameter) => parameter !== '')
  const plain = `magnet:?${parameters.map(plainParameter).join('&')}`
  return plain.length <= maxLength ? plain : shorten(plain, maxLength)
}

/** As almost all magnets are written. */
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
