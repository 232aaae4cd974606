import type { AccountId } from '../../shared/account.ts'
import type { Analysis, TorrentFile } from '../../shared/analysis.ts'
import { sentenceOf } from './sentence.ts'
import type { Slice } from './store.ts'

/** The report on the links in the dialog; `links` are those it is about. */
interface AnalysisState {
  links: readonly string[]
  report: Analysis | null
  isRunning: boolean
  problem: string | null
}

const noAnalysis: AnalysisState = { links: [], report: null, isRunning: false, problem: null }

/** What is handed over to be added: links in a text, and torrent files. */
export interface Handed {
  text: string
  files: readonly TorrentFile[]
}

export interface AnalysisSlice {
  analysis: AnalysisState
  /** Finds the links in what was typed and reports on them and on the files. Links already reported on are not asked about again. */
  analyze(accountId: AccountId, handed: Handed): Promise<void>
  /** The links in a drop or a paste, one a line; an empty text when there are none. */
  extractLinks(text: string, html: string | null): Promise<string>
  /** Hands a torrent file over. Rejects with a sentence that names it. */
  takeTorrentFile(name: string, base64: string): Promise<TorrentFile>
  forgetAnalysis(): void
}

const mostLinks = 1000

/** Put.io's report on links, before they are added: the newest request wins. */
export const analysisSlice: Slice<AnalysisSlice> = (client) => (set, get) => {
  let newest = 0
  const put = (change: Partial<AnalysisState>) => set((state) => ({ analysis: { ...state.analysis, ...change } }))

  /** Asks for magnets apart: whether anybody knows one can take long, and the rest is not to wait for it. */
  async function run(accountId: AccountId, links: readonly string[], isNewest: () => boolean) {
    const isMagnet = (link: string) => /^magnet:/i.test(link)
    const requests = [links.filter((link) => !isMagnet(link)), links.filter(isMagnet)].filter(
      ({ length }) => length > 0,
    )
    let report: Analysis | null = null
    await Promise.all(
      requests.map(async (request) => {
        const answer = await client.call('analysis.run', { accountId, links: request })
        report = report === null ? answer : merged(report, answer, links)
        if (isNewest()) put({ report })
      }),
    )
  }

  return {
    analysis: noAnalysis,
    analyze: async (accountId, { text, files }) => {
      const request = ++newest
      const isNewest = () => request === newest
      try {
        const found = text.trim() === '' ? [] : await client.call('links.extract', { text, html: null })
        if (!isNewest()) return
        const links = [...files.map(({ link }) => link), ...found].slice(0, mostLinks)
        const { analysis } = get()
        const isSame = links.length === analysis.links.length && links.every((link, at) => link === analysis.links[at])
        if (isSame && analysis.report !== null && !analysis.isRunning) {
          put({ problem: null })
          return
        }
        if (links.length === 0) {
          set({ analysis: noAnalysis })
          return
        }
        put({ links, isRunning: true, problem: null })
        await run(accountId, links, isNewest)
        if (isNewest()) put({ isRunning: false })
      } catch (error) {
        if (isNewest()) put({ report: null, isRunning: false, problem: sentenceOf(error) })
      }
    },
    extractLinks: async (text, html) => {
      const links = await client.call('links.extract', { text, html })
      return links.join('\n')
    },
    takeTorrentFile: (name, base64) => client.call('links.fromFile', { name, base64 }),
    forgetAnalysis: () => {
      newest++
      set({ analysis: noAnalysis })
    },
  }
}

/** Two reports as one, rows in the order of their links; what is available is what was told last. */
function merged(before: Analysis, now: Analysis, links: readonly string[]): Analysis {
  const placeOf = ({ links: [first = ''] }: Analysis['rows'][number]) => links.indexOf(first)
  const [urls, more] = [before.report.Urls, now.report.Urls]
  return {
    ...now,
    rows: [...before.rows, ...now.rows].sort((a, b) => placeOf(a) - placeOf(b)),
    report: {
      ...now.report,
      Urls: {
        url: [...urls.url, ...more.url],
        rapid: [...urls.rapid, ...more.rapid],
        multipart: { ...urls.multipart, ...more.multipart },
        torrent: [...urls.torrent, ...more.torrent],
      },
    },
  }
}
