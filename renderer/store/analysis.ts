import type { AccountId } from '../../shared/account.ts'
import type { Analysis, TorrentFile } from '../../shared/analysis.ts'
import { maxLinks } from '../../shared/limits.ts'
import { freeAfter } from './disk-space.ts'
import { findLinks, maxPastedLength, textTooLong } from './find-links.ts'
import { sentenceOf } from './sentence.ts'
import type { Slice } from './store.ts'
import type { Transfers } from './transfers.ts'

/** The analysis of the links in the dialog. */
interface AnalysisState {
  links: readonly string[]
  report: Analysis | null
  /** The disk space that is free, null if the service does not report it: as the service last reported it, less what transfers have taken since. */
  space: { accountId: AccountId; freeBytes: number | null } | null
  /** How many links exceed the limit of one analysis. */
  leftOut: number
  isRunning: boolean
  problem: string | null
}

const noAnalysis: AnalysisState = { links: [], report: null, space: null, leftOut: 0, isRunning: false, problem: null }

/** What the person wants to add: a text with links, and torrent files. */
export interface LinksAndFiles {
  text: string
  files: readonly TorrentFile[]
}

export interface AnalysisSlice {
  analysis: AnalysisState
  /** Finds the links in the text and analyzes them and the files. Does nothing if they are already analyzed. */
  analyze(accountId: AccountId, input: LinksAndFiles): Promise<void>
  /** The links in dropped or pasted texts, one per line; empty if there are none. */
  extractLinks(texts: readonly string[], htmls: readonly string[]): Promise<string>
  /** Sends a torrent file to the backend. Rejects with a sentence that names it. */
  takeTorrentFile(name: string, base64: string): Promise<TorrentFile>
  /** Goes on with the links that are still being analyzed, without those that were added. */
  keepAnalyzing(links: readonly string[]): void
  /** Leaves only the rows of these links, until they are analyzed again. */
  keepRows(links: readonly string[]): void
  forgetAnalysis(): void
  /** Called when the transfers of an account change. */
  followTransfers(accountId: AccountId, before: Transfers, after: Transfers): void
}

/** The analysis of links before they are added. The newest request wins. */
export const analysisSlice: Slice<AnalysisSlice> = (client) => (set, get) => {
  let newestText = 0
  let newestRun = 0
  /** The links and the report of the newest run, without links that were added in the meantime. */
  let current: { links: readonly string[]; report: Analysis | null } = { links: [], report: null }
  const put = (change: Partial<AnalysisState>) => set((state) => ({ analysis: { ...state.analysis, ...change } }))

  /** Analyzes magnets separately: finding peers can take long, and the other links should not wait. */
  async function run(accountId: AccountId, links: readonly string[], isNewest: () => boolean) {
    const isMagnet = (link: string) => /^magnet:/i.test(link)
    const requests = [links.filter((link) => !isMagnet(link)), links.filter(isMagnet)].filter(
      ({ length }) => length > 0,
    )
    await Promise.all(
      requests.map(async (request) => {
        const answer = await client.call('analysis.run', { accountId, links: request })
        if (!isNewest()) return
        const report = current.report === null ? answer : merged(current.report, answer, current.links)
        current = { ...current, report }
        put({ report, space: { accountId, freeBytes: answer.diskFreeBytes } })
      }),
    )
  }

  client.on('quota.changed', ({ accountId, quota }) => {
    if (quota === null || get().analysis.space?.accountId !== accountId) return
    put({ space: { accountId, freeBytes: quota.diskFreeBytes } })
  })

  /** Follows what transfers take between two reports of the service. */
  const followTransfers: AnalysisSlice['followTransfers'] = (accountId, before, after) => {
    const { space } = get().analysis
    if (space?.accountId !== accountId || space.freeBytes === null) return
    put({ space: { accountId, freeBytes: freeAfter(space.freeBytes, before, after) } })
  }

  return {
    followTransfers,
    analysis: noAnalysis,
    analyze: async (accountId, { text, files }) => {
      const asked = ++newestText
      try {
        if (text.length > maxPastedLength) {
          newestRun++
          put({ links: [], leftOut: 0, report: null, isRunning: false, problem: textTooLong() })
          return
        }
        const found = text.trim() === '' ? [] : await findLinks(client, [text], [])
        if (asked !== newestText) return
        const all = [...files.map(({ link }) => link), ...found]
        const links = all.slice(0, maxLinks)
        const leftOut = all.length - links.length
        const { analysis } = get()
        const isSame = links.length === analysis.links.length && links.every((link, at) => link === analysis.links[at])
        if (isSame && (analysis.isRunning || (analysis.report !== null && analysis.problem === null))) {
          put({ leftOut, problem: null })
          return
        }
        const started = ++newestRun
        const isNewest = () => started === newestRun
        current = { links, report: null }
        if (links.length === 0) {
          set({ analysis: noAnalysis })
          return
        }
        put({ links, leftOut, isRunning: true, problem: null })
        try {
          await run(accountId, links, isNewest)
          if (isNewest()) put({ isRunning: false })
        } catch (error) {
          // What is known of the other links stays.
          if (isNewest()) put({ report: current.report, isRunning: false, problem: sentenceOf(error) })
        }
      } catch (error) {
        if (asked === newestText) put({ report: null, isRunning: false, problem: sentenceOf(error) })
      }
    },
    extractLinks: async (texts, htmls) => (await findLinks(client, texts, htmls)).join('\n'),
    takeTorrentFile: (name, base64) => client.call('links.fromFile', { name, base64 }),
    keepAnalyzing: (links) => {
      current = { links, report: null }
      put({ links, report: null })
    },
    keepRows: (links) => {
      const { report } = get().analysis
      const kept = new Set(links)
      const rows = report?.rows.filter((row) => row.links.some((link) => kept.has(link))) ?? []
      // Without links, the next analysis is another one.
      put({ links: [], report: report === null ? null : { ...report, rows } })
    },
    forgetAnalysis: () => {
      newestText++
      newestRun++
      // Links may contain secrets.
      current = { links: [], report: null }
      set({ analysis: noAnalysis })
    },
  }
}

/** Merges two analyses, with rows in the order of their links. The available space is that of the later one. */
function merged(before: Analysis, now: Analysis, links: readonly string[]): Analysis {
  const places = new Map(links.map((link, at) => [link, at]))
  const placeOf = ({ links: [first = ''] }: Analysis['rows'][number]) => places.get(first) ?? -1
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
