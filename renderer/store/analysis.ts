import type { AccountId } from '../../shared/account.ts'
import type { Analysis } from '../../shared/analysis.ts'
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

export interface AnalysisSlice {
  analysis: AnalysisState
  /** Finds the links in what was typed and reports on them. Links already reported on are not asked about again. */
  analyzeText(accountId: AccountId, text: string): Promise<void>
  /** The links in a drop or a paste, one a line; an empty text when there are none. */
  extractLinks(text: string, html: string | null): Promise<string>
  forgetAnalysis(): void
}

const mostLinks = 1000

/** Put.io's report on links, before they are added: the newest request wins. */
export const analysisSlice: Slice<AnalysisSlice> = (client) => (set, get) => {
  let newest = 0
  const put = (change: Partial<AnalysisState>) => set((state) => ({ analysis: { ...state.analysis, ...change } }))
  return {
    analysis: noAnalysis,
    analyzeText: async (accountId, text) => {
      const request = ++newest
      try {
        const found = text.trim() === '' ? [] : await client.call('links.extract', { text, html: null })
        if (request !== newest) return
        const links = found.slice(0, mostLinks)
        const { analysis } = get()
        const isSame = links.length === analysis.links.length && links.every((link, at) => link === analysis.links[at])
        if (isSame && analysis.report !== null) {
          put({ isRunning: false, problem: null })
          return
        }
        if (links.length === 0) {
          set({ analysis: noAnalysis })
          return
        }
        put({ links, isRunning: true, problem: null })
        const report = await client.call('analysis.run', { accountId, links })
        if (request === newest) put({ report, isRunning: false })
      } catch (error) {
        if (request === newest) put({ report: null, isRunning: false, problem: sentenceOf(error) })
      }
    },
    extractLinks: async (text, html) => {
      const links = await client.call('links.extract', { text, html })
      return links.join('\n')
    },
    forgetAnalysis: () => {
      newest++
      set({ analysis: noAnalysis })
    },
  }
}
