import type { AnalyzedLink } from '../../core/analysis.ts'
import { extractLinks } from '../../core/links.ts'
import { humanSize } from '../../core/messages.ts'
import { Refusal } from '../../core/refusal.ts'
import type { Method } from './method.ts'

/** Source: API v1 §8. */
export const urls: Record<string, Method> = {
  analyze: async ({ core, params, isExtended }) => {
    const links = params.list('links') ?? params.list('urls')
    if (links === null) throw new Refusal('The parameter “links” is missing.')
    const { analyze } = await import('../../core/analysis.ts')
    const { gate, report } = core
    const found = await analyze(links, { gate, report, freeBytes: core.quota.unpromisedBytes() })
    // Our own client works out for itself what fits, and shows by how much the rest does not.
    const problemOf = (link: AnalyzedLink) => link.error ?? (isExtended ? null : link.tooLarge)
    const singleurl = found.flatMap((link) => {
      if (link.error !== null || problemOf(link) !== null) return []
      const { name, host, sizeBytes } = link
      // Old clients fail on a size that is null: for them one that nobody knows is 0.
      const size = sizeBytes === null && isExtended ? null : `${sizeBytes ?? 0}`
      const human = sizeBytes === null ? '?' : humanSize(sizeBytes)
      const rest = { source: host, type: 'file', needs_pass: 0, error: null }
      return [{ url: link.link, name, size, human_size: human, paid_bw: '0', ...rest }]
    })
    const error = found.flatMap((link) => {
      const problem = problemOf(link)
      return problem === null ? [] : [{ url: link.link, error: problem }]
    })
    return {
      items: { multiparturl: [], torrent: [], singleurl, error },
      disk_avail: `${core.quota.availableBytes()}`,
      bw_avail: `${core.bandwidth().availableBytes}`,
    }
  },
  extracturls: async ({ core, params }) => {
    const [text, page] = [params.text('txt'), params.text('url')]
    if (text === null && page === null) throw new Refusal('The parameters “txt” and “url” are both missing.')
    const inText = text === null ? [] : extractLinks(text)
    const inPage = page === null || page === '' ? [] : extractLinks(await pageText(core, page))
    return [...inText, ...inPage].map((url) => ({ url }))
  },
}

async function pageText({ gate, report }: Parameters<Method>[0]['core'], page: string): Promise<string> {
  const { fetchPage, sentenceOf } = await import('../../core/analysis.ts')
  try {
    return await fetchPage(page, gate)
  } catch (fault) {
    throw new Refusal(sentenceOf(fault, page, report), { cause: fault })
  }
}
