import { describe, expect, it } from 'vitest'
import { decodeBytes, decodeName, decodeNames } from '../../engine/text/text-bytes.ts'
import { encodeAs, encoded } from '../support/old-encodings.ts'

const regionCodes = Array.from({ length: 26 * 26 }, (_, at) =>
  String.fromCharCode(65 + Math.floor(at / 26), 65 + (at % 26)),
)

/** File names made of all countries’ names in a language: real words, and many of them. */
function filmNames(language: string, encoding: string): { name: string; bytes: Buffer }[] {
  const regions = new Intl.DisplayNames(language, { type: 'region', fallback: 'none' })
  return regionCodes.flatMap((code) => {
    const region = regions.of(code)
    const name = `${region}.mkv`
    const bytes = region === undefined || /^\p{ASCII}*$/u.test(region) ? null : encodeAs(name, encoding)
    return bytes === null ? [] : [{ name, bytes }]
  })
}

// Of 100 names, at least how many must be decoded right and at most how many wrong; the others stay undecoded.
const languages: [language: string, encoding: string, minRight: number, maxWrong: number][] = [
  ['zh-Hans', 'gbk', 70, 3],
  ['zh-Hant', 'big5', 80, 3],
  ['ja', 'shift_jis', 95, 1],
  ['ja', 'euc-jp', 90, 3],
  ['ko', 'euc-kr', 70, 2],
  ['ru', 'windows-1251', 90, 2],
  ['ru', 'ibm866', 90, 2],
  ['ru', 'koi8-r', 80, 2],
  ['uk', 'windows-1251', 90, 2],
  ['fr', 'windows-1252', 75, 3],
  ['de', 'windows-1252', 90, 1],
  ['es', 'windows-1252', 90, 1],
  ['pt', 'windows-1252', 75, 1],
  ['fr', 'ibm850', 90, 1],
  ['cs', 'windows-1250', 60, 6],
  ['el', 'windows-1253', 80, 4],
  ['ar', 'windows-1256', 85, 3],
]

describe('names without a declared encoding', () => {
  it.each(languages)('decodes %s names in %s, or leaves them undecoded', (language, encoding, minRight, maxWrong) => {
    const names = filmNames(language, encoding)
    const read = names.map(({ name, bytes }) => ({ name, decoded: decodeName(bytes) }))
    const right = read.filter(({ name, decoded }) => decoded === name).length
    const wrong = read.filter(({ name, decoded }) => decoded !== null && decoded !== name)
    expect(names.length).toBeGreaterThan(20)
    expect((100 * right) / names.length).toBeGreaterThanOrEqual(minRight)
    expect((100 * wrong.length) / names.length, JSON.stringify(wrong)).toBeLessThanOrEqual(maxWrong)
    expect(read.some(({ decoded }) => decoded?.includes('\ufffd'))).toBe(false)
  })

  it.each(languages.filter(([, encoding]) => !/125[023]/.test(encoding)))(
    'decodes nearly all %s names in %s in groups of eight',
    (language, encoding) => {
      const names = filmNames(language, encoding)
      const groups = Array.from({ length: Math.floor(names.length / 8) }, (_, at) => names.slice(at * 8, at * 8 + 8))
      const read = groups.map((group) => ({
        meant: group.map(({ name }) => name),
        decoded: decodeNames(group.map(({ bytes }) => bytes)),
      }))
      const right = read.filter(({ meant, decoded }) => JSON.stringify(decoded) === JSON.stringify(meant)).length
      expect(
        read.filter(({ meant, decoded }) => decoded !== null && JSON.stringify(decoded) !== JSON.stringify(meant)),
      ).toEqual([])
      expect(right / groups.length).toBeGreaterThan(0.9)
    },
  )

  it.each([
    ['café.txt', 'windows-1252'],
    ['café.txt', 'ibm437'],
    ['Ann’s film.mkv', 'windows-1252'],
    ['ENCYCLOPÉDIE.PDF', 'windows-1252'],
    ['Smörgåsbord.mkv', 'windows-1252'],
    ['Jürgen.txt', 'ibm850'],
    ['Zażółć gęślą jaźń.txt', 'windows-1250'],
    ['新建文件夹', 'gbk'],
    ['黑客帝国.mkv', 'gbk'],
    // With a second byte that is a backslash.
    ['ソース.txt', 'shift_jis'],
    ['予定表.txt', 'shift_jis'],
    ['한국어 파일 이름.mkv', 'euc-kr'],
    ['新資料夾', 'big5'],
    ['Новая папка', 'windows-1251'],
    ['Новая папка', 'ibm866'],
  ])('decodes “%s” in %s', (name, encoding) => {
    expect(decodeName(encoded(name, encoding))).toBe(name)
  })

  it.each(['80', 'badaba', '819f81'])('leaves the bytes %s undecoded', (hex) => {
    expect(decodeName(Buffer.from(hex, 'hex'))).toBeNull()
  })
})

describe('declared encodings', () => {
  it.each([
    ['黑.bin', 'gbk', 'GBK'],
    ['黑.bin', 'gbk', 'CP936'],
    ['表.txt', 'shift_jis', 'cp932'],
    ['é', 'ibm437', 'IBM437'],
    ['ñ.txt', 'ibm850', ' cp850 '],
    ['é.txt', 'windows-1252', 'ISO-8859-1'],
    ['Ж', 'windows-1251', 'CP1251'],
    ['봐', 'euc-kr', 'ks_c_5601-1987'],
  ])('decodes “%s” in %s when “%s” is declared', (name, encoding, declared) => {
    expect(decodeName(encoded(name, encoding), declared)).toBe(name)
    expect(decodeNames([encoded(name, encoding)], declared)).toEqual([name])
  })

  it('recognizes UTF-8 whatever is declared', () => {
    for (const declared of [null, '', 'utf-8', 'x-none', 'us-ascii\0', '__proto__', 'ibm']) {
      expect(decodeBytes(Buffer.from('Zoë – 黑'), declared)).toEqual({ text: 'Zoë – 黑', encoding: 'utf-8' })
    }
  })

  it('ignores a declaration that the bytes contradict', () => {
    expect(decodeBytes(encoded('黑客帝国', 'gbk'), 'utf-8')).toEqual({ text: '黑客帝国', encoding: 'gbk' })
    expect(decodeBytes(Buffer.from('黑客帝国'), 'euc-kr')).toEqual({ text: '黑客帝国', encoding: 'utf-8' })
  })
})

describe('names from one source', () => {
  it('decodes names that are ambiguous alone in the encoding of the others', () => {
    const names = ['黑.bin', '电影/第一集.mkv', '电影/第二集.mkv', 'readme.txt']
    expect(decodeNames(names.map((name) => encoded(name, 'gbk')))).toEqual(names)
    expect(decodeName(encoded('黑.bin', 'gbk'))).toBeNull()
  })

  it('decodes UTF-8 names beside names in an old encoding', () => {
    const bytes = [encoded('Новая папка', 'ibm866'), Buffer.from('Über uns – später.txt'), Buffer.from('a.txt')]
    expect(decodeNames(bytes)).toEqual(['Новая папка', 'Über uns – später.txt', 'a.txt'])
  })

  it('decodes 100,000 names within 3 seconds of CPU time', () => {
    const bytes = encoded('予定表.txt', 'shift_jis')
    const began = process.cpuUsage()
    expect(decodeNames(Array.from({ length: 100_000 }, () => bytes))?.at(-1)).toBe('予定表.txt')
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(3000)
  })

  it('returns an empty list for no names, and empty and ASCII names unchanged', () => {
    expect(decodeNames([])).toEqual([])
    expect(decodeNames([Buffer.alloc(0), Buffer.from('a')])).toEqual(['', 'a'])
  })
})

describe('long texts', () => {
  it('leaves 4 MiB of one endless word undecoded, within 2 seconds of CPU time', () => {
    const began = process.cpuUsage()
    for (const pattern of [[0xc4], [0xe4, 0xb8], [0x81, 0x40], [0xff]]) {
      expect(decodeBytes(Buffer.alloc(4 * 1024 * 1024, Buffer.from(pattern)))).toBeNull()
    }
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(2000)
  })

  it.each(['gbk', 'shift_jis', 'euc-kr', 'windows-1251'])(
    'decodes one in %s whose first words come late',
    (encoding) => {
      const language = { gbk: 'zh-Hans', shift_jis: 'ja', 'euc-kr': 'ko', 'windows-1251': 'ru' }[encoding] ?? ''
      const text = `${'<a>'.repeat(20_000)}${filmNames(language, encoding)
        .map(({ name }) => name)
        .join('\n')
        .repeat(40)}`
      const read = decodeBytes(encoded(text, encoding))
      expect([read?.encoding, read?.text === text]).toEqual([encoding, true])
    },
  )
})
