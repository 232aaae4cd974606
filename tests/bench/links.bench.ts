import { linksInText } from '../../engine/text/links-in-text.ts'
import { median, type Row } from './measure.ts'

const length = 1_000_000
const wantedMs = 100

const repeated = (piece: string, head = '') => head + piece.repeat(length / piece.length)

/** Texts of 1 MB that are meant to be slow to parse, and the number of links in each. */
const texts: [what: string, text: string, count: number][] = [
  ['closing brackets after a link', repeated(')', 'http://a/'), 1],
  ['schemes without a host', repeated('http://'), 0],
  [
    'links joined by commas',
    Array.from({ length: length / 25 }, (_, at) => `http://a.example/${10_000_000 + at}`).join(','),
    40_000,
  ],
  ['links in unclosed brackets', repeated('<http://a/b\n'), 1],
  ['unterminated magnets', repeated('magnet:?xt=urn:btih:'), 1],
]

/** P30: find the links in 1 MB of each of five texts. */
export function benchLinks(pairs: number): Row[] {
  return texts.map(([what, text, count], index) => {
    const times: number[] = []
    for (let round = 0; round < pairs + 2; round += 1) {
      const startedAt = performance.now()
      const found = linksInText(text)
      if (round > 1) times.push(performance.now() - startedAt)
      if (found.length !== count) throw new Error(`${found.length} links were found in 1 MB of ${what}`)
    }
    return {
      id: index === 0 ? 'P30' : `P30${'abcd'[index - 1] ?? ''}`,
      what: `find links in 1 MB of ${what}`,
      ours: `${median(times).toFixed(0)} ms`,
      peer: `wanted ${wantedMs} ms`,
      ratio: median(times) / wantedMs,
      noise: null,
      isMoreBetter: false,
      gate: 1.5,
      goal: 1,
    }
  })
}
