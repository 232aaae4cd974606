import { linksInText } from '../../engine/text/links-in-text.ts'
import { median, type Row } from './measure.ts'

const length = 1_000_000
const wantedMs = 100

const repeated = (piece: string, head = '') => head + piece.repeat(length / piece.length)

/** 1 MB each, made to be slow to read, and how many links are in it. */
const texts: [what: string, text: string, count: number][] = [
  ['closing brackets behind a link', repeated(')', 'http://a/'), 1],
  ['schemes without a host', repeated('http://'), 0],
  [
    'links joined by commas',
    Array.from({ length: length / 25 }, (_, at) => `http://a.example/${10_000_000 + at}`).join(','),
    40_000,
  ],
  ['links in brackets that never close', repeated('<http://a/b\n'), 1],
  ['magnets without an end', repeated('magnet:?xt=urn:btih:'), 1],
]

/** P30: the links of 1 MB of each of five texts are found. */
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
      what: `links are found in 1 MB of ${what}`,
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
