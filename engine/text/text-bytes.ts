import { isUtf8 } from 'node:buffer'
import { createRequire } from 'node:module'
import { TextDecoder } from 'node:util'

const sampleBytes = 16 * 1024
const maxWordBytes = 1024

interface Encoding {
  /** Its name in jschardet. */
  asked: string
  /** How common it is in names without a declared encoding. */
  weight: number
  /** True for two bytes that form a character in daily use. */
  isCommon?: (lead: number, trail: number) => boolean
}

// By the labels of the Encoding Standard; the two of DOS are not in it. In each East Asian set, characters of daily use come
// first.
const encodings: Record<string, Encoding> = {
  gbk: { asked: 'gb18030', weight: 1, isCommon: (lead, trail) => isFirst(lead, trail, 0xd7) },
  big5: { asked: 'big5hkscs', weight: 0.8, isCommon: (lead) => lead <= 0xc6 },
  shift_jis: { asked: 'cp932', weight: 1, isCommon: (lead) => lead <= 0x83 || (lead >= 0x88 && lead <= 0x98) },
  'euc-jp': { asked: 'euc-jis-2004', weight: 0.8, isCommon: (lead) => lead <= 0xa5 || (lead >= 0xb0 && lead <= 0xcf) },
  'euc-kr': { asked: 'cp949', weight: 1, isCommon: (lead, trail) => isFirst(lead, trail, 0xc8) },
  'windows-1250': { asked: 'windows-1250', weight: 0.6 },
  'windows-1251': { asked: 'windows-1251', weight: 1 },
  'windows-1252': { asked: 'windows-1252', weight: 1 },
  'windows-1253': { asked: 'windows-1253', weight: 0.5 },
  'windows-1254': { asked: 'windows-1254', weight: 0.5 },
  'windows-1255': { asked: 'windows-1255', weight: 0.8 },
  'windows-1256': { asked: 'windows-1256', weight: 0.4 },
  'windows-874': { asked: 'cp874', weight: 0.4 },
  'koi8-r': { asked: 'koi8-r', weight: 0.6 },
  ibm866: { asked: 'cp866', weight: 0.6 },
  ibm437: { asked: 'cp437', weight: 0.4 },
  ibm850: { asked: 'cp850', weight: 0.4 },
}

// jschardet's names where they differ from the label.
const foundAs: Record<string, string> = {
  gb18030: 'gbk',
  cp932: 'shift_jis',
  cp949: 'euc-kr',
  cp874: 'windows-874',
  cp437: 'ibm437',
  cp850: 'ibm850',
}

// Source: unicode.org/Public/MAPPINGS/VENDORS/MICSFT/PC, CP437.TXT and CP850.TXT, from 0x80 on.
const dosTables = {
  ibm437:
    'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0',
  ibm850:
    'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0',
}

/** Loaded with the first guess: it is a megabyte that most starts never need. In a build it is a separate file. */
let detector: typeof import('jschardet') | null = null

const decoders = new Map<string, TextDecoder>()

/** Decoded text, and the label of its encoding. */
export interface DecodedText {
  text: string
  encoding: string
}

/**
 * Decodes a name: in the declared encoding where the bytes are valid in it, else UTF-8 where they are valid, else the most likely
 * legacy encoding. Null when no reading is clearly the best: the caller then keeps the bytes, or shows them escaped. An unknown
 * declared label counts as none. Nothing is ever replaced by U+FFFD.
 */
export function decodeName(bytes: Uint8Array, declared: string | null = null): string | null {
  return decodeBytes(bytes, declared)?.text ?? null
}

/**
 * Decodes all names of one source together, such as an archive, which one program wrote in one encoding: together they reveal
 * more than one by one. Names of four bytes or more that are valid UTF-8 are read as such even when others are not, as several
 * programs may have written them. Null for names that cannot be guessed.
 */
export function decodeNames(list: readonly Uint8Array[], declared: string | null = null): string[] | null {
  const label = declared === null ? null : labelOf(declared)
  const asDeclared = label === null ? null : decodeEach(list, () => label)
  const asUtf8 = asDeclared ?? decodeEach(list, () => 'utf-8')
  if (asUtf8 !== null) return asUtf8
  const isSurelyUtf8 = (bytes: Uint8Array) => isUtf8(bytes) && countBeyondAscii(bytes) >= 4
  const old = list.filter((bytes) => countBeyondAscii(bytes) > 0 && !isSurelyUtf8(bytes))
  const guessed = guess(Buffer.concat(old.flatMap((bytes) => [bytes, Uint8Array.of(0x0a)])))
  return guessed === null ? null : decodeEach(list, (bytes) => (isSurelyUtf8(bytes) ? 'utf-8' : guessed))
}

/** Like `decodeName`, and also returns the encoding. */
export function decodeBytes(bytes: Uint8Array, declared: string | null = null): DecodedText | null {
  const label = declared === null ? null : labelOf(declared)
  const known = (label === null ? null : decodedAs(bytes, label)) ?? decodedAs(bytes, 'utf-8')
  if (known !== null) return known
  const guessed = guess(bytes)
  return guessed === null ? null : decodedAs(bytes, guessed)
}

/** The Encoding Standard's label for a declared name, or null when it is unknown. */
export function labelOf(declared: string): string | null {
  const name = declared.trim().toLowerCase()
  const [, dos] = /^(?:cp|ibm|dos|oem)?-?(437|850|932|936|949|950|65001)$/.exec(name) ?? []
  const pages: Record<string, string> = { 932: 'shift_jis', 936: 'gbk', 949: 'euc-kr', 950: 'big5', 65001: 'utf-8' }
  if (dos !== undefined) return pages[dos] ?? `ibm${dos}`
  if (name === 'utf8mb4') return 'utf-8'
  try {
    return new TextDecoder(name).encoding
  } catch {
    return null
  }
}

/** Decodes bytes with the labelled encoding; null when they are not valid in it. */
export function decodeAs(bytes: Uint8Array, label: string): string | null {
  if (label === 'ibm437' || label === 'ibm850') return decodeDos(bytes, dosTables[label])
  const decoder = decoders.get(label) ?? new TextDecoder(label, { fatal: true })
  decoders.set(label, decoder)
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

function decodedAs(bytes: Uint8Array, encoding: string): DecodedText | null {
  const text = decodeAs(bytes, encoding)
  return text === null ? null : { text, encoding }
}

function decodeEach(list: readonly Uint8Array[], labelFor: (bytes: Uint8Array) => string): string[] | null {
  const texts: string[] = []
  for (const bytes of list) {
    const text = decodeAs(bytes, labelFor(bytes))
    if (text === null) return null
    texts.push(text)
  }
  return texts
}

function decodeDos(bytes: Uint8Array, table: string): string {
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : table.charAt(byte - 0x80))).join('')
}

/** The legacy encoding of a text, or null when none stands out. Equal readings count as one. */
function guess(bytes: Uint8Array): string | null {
  const sample = sampleOf(bytes)
  const japanese = ['shift_jis', 'euc-jp'].find((label) => isKana(decodeAs(sample, label) ?? ''))
  if (japanese !== undefined) return japanese
  const readings = new Map<string, { label: string; score: number }>()
  const asked = Object.values(encodings).map((encoding) => encoding.asked)
  detector ??= loadDetector()
  for (const { encoding, confidence } of detector.detectAll(sample, { detectEncodings: asked, minimumThreshold: 0 })) {
    const found = encoding?.toLowerCase() ?? ''
    const label = foundAs[found] ?? found
    const known = encodings[label]
    const text = known === undefined ? null : decodeAs(sample, label)
    if (known === undefined || text === null) continue
    const score = (confidence + 0.005) * known.weight * commonShare(sample, known) ** 3 * sense(text)
    if (score > (readings.get(text)?.score ?? 0)) readings.set(text, { label, score })
  }
  const [best, next] = [...readings.values()].sort((a, b) => b.score - a.score)
  return best === undefined || best.score < minLead(sample, best.label) * (next?.score ?? 0) ? null : best.label
}

function loadDetector(): typeof import('jschardet') {
  const isBuilt = !import.meta.url.endsWith('.ts')
  return createRequire(import.meta.url)(isBuilt ? './jschardet.cjs' : 'jschardet')
}

/**
 * How many times better than the next reading a guess has to be: the shorter the text, the more. Source: measured as described
 * below.
 */
function minLead(sample: Uint8Array, label: string): number {
  const beyondAscii = countBeyondAscii(sample)
  if (encodings[label]?.isCommon !== undefined && beyondAscii < 8) return beyondAscii < 5 ? 3.2 : 2.5
  if (beyondAscii < 8) return 2
  return beyondAscii < 24 ? 1.6 : 1.3
}

function countBeyondAscii(bytes: Uint8Array): number {
  let count = 0
  for (const byte of bytes) if (byte >= 0x80) count++
  return count
}

/** True for a text that is nearly all kana. jschardet takes a longer one for no text at all, as so few lead bytes are in it. */
function isKana(text: string): boolean {
  const kana = text.match(/[ぁ-ヿ]/g)?.length ?? 0
  return kana >= 3 && kana >= 0.75 * (text.match(/[^\p{ASCII}]/gu)?.length ?? 0)
}

/**
 * The sample to guess from: each non-ASCII word once, as many as fit, one per line, without overlong words. Words end where no
 * multi-byte character can continue. A word that repeats (`第1話`, `第2話`…) would look like no language at all.
 */
function sampleOf(bytes: Uint8Array): Uint8Array {
  const words = new Set<string>()
  let room = sampleBytes
  for (let at = 0; at < bytes.length && room > 0; at++) {
    const start = at
    let isAscii = true
    while ((bytes[at] ?? 0) >= 0x40) {
      if ((bytes[at] ?? 0) >= 0x80) isAscii = false
      at++
    }
    const isWord = !isAscii && at - start <= maxWordBytes
    const word = isWord ? Buffer.from(bytes.subarray(start, at)).toString('latin1') : ''
    if (word === '' || words.has(word)) continue
    words.add(word)
    room -= word.length
  }
  return Buffer.from([...words].join('\n'), 'latin1')
}

/** The share of two-byte characters that are in daily use, from 0 to 1. A single one proves little and counts half. */
function commonShare(bytes: Uint8Array, { isCommon }: Encoding): number {
  if (isCommon === undefined) return 1
  let [all, common] = [0, 0]
  for (let at = 0; at < bytes.length; at++) {
    const lead = bytes[at] ?? 0
    if (lead < 0x80) continue
    at++
    all++
    if (isCommon(lead, bytes[at] ?? 0)) common++
  }
  return all === 0 ? 1 : common / Math.max(all, 2)
}

function isFirst(lead: number, trail: number, last: number): boolean {
  return trail >= 0xa1 && ((lead >= 0xa1 && lead <= 0xa3) || (lead >= 0xb0 && lead <= last))
}

const letter = '[\\p{L}\\p{M}]'
const oneScript = '\\p{sc=Greek}\\p{sc=Cyrillic}\\p{sc=Hebrew}\\p{sc=Arabic}\\p{sc=Thai}'
/** What no person writes, but what appears when bytes are read in a wrong encoding. */
const nonsense = [
  // Control characters, unassigned characters, and signs that names do not contain.
  '[\\p{Cc}\\p{Cf}\\p{Cn}\\p{Co}\\u00a0\\uff61-\\uff9f‚„ˆ‹†‡¶ฃฅ]',
  '(?![\\u0000-\\u007f©®™°№²³½§])[\\p{S}\\p{No}]',
  '(?![\\p{sc=Latin}\\p{sc=Greek}\\p{sc=Cyrillic}\\p{sc=Hebrew}\\p{sc=Arabic}\\p{sc=Thai}\\p{sc=Han}\\p{sc=Hangul}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Common}\\p{sc=Inherited}])\\p{L}',
  // Letters of two scripts in one word.
  `\\p{sc=Latin}\\p{M}*[${oneScript}]|[${oneScript}]\\p{M}*\\p{sc=Latin}|\\p{sc=Hangul}\\p{sc=Han}|\\p{sc=Han}\\p{sc=Hangul}`,
  // A capital after a lower-case letter, one of them not ASCII.
  '(?![\\u0000-\\u007f])\\p{Ll}\\p{Lu}|\\p{Ll}(?![\\u0000-\\u007f])\\p{Lu}',
  // A symbol inside, after, or before a word.
  `${letter}(?![\\u0000-\\u007f’‘´·–—°²³№™©®・ー々〆〇׳״\\u2026\\u3000-\\u303f\\uff00-\\uff60])[^\\p{L}\\p{M}\\p{N}]${letter}`,
  `[²³ªºµ]${letter}|[¡¿]$|${letter}[¡¿]`,
  // Marks without a letter, and Thai vowels without a consonant.
  `(?<!${letter})\\p{M}|[เ-ไ](?![ก-ฮ])|[๏๚๛]|[๐-๙][ก-๎]|[ก-๎][๐-๙]`,
].join('|')

/** Made with the first guess: its sets of characters take some milliseconds. */
let nonsensePattern: RegExp | null = null

/** How much of a text makes sense, from 0 to 1: nearly no word is nonsense. Source: measured with names of 26 languages. */
function sense(text: string): number {
  const words = text.split(/[\t\n\r !-,./:;<=>?@[\]^_`{|}~]+/).filter((word) => /[^\p{ASCII}]/u.test(word))
  if (words.length === 0) return 1
  nonsensePattern ??= new RegExp(nonsense, 'u')
  const pattern = nonsensePattern
  const share = words.filter((word) => !pattern.test(word)).length / words.length
  if (share < 0.9) return 0
  // Icelandic letters appear when Turkish is read in a wrong encoding, which is far more common.
  return /[þÞðÐýÝ]/.test(text) ? share ** 4 * 0.4 : share ** 4
}
