import { Refusal } from '../../core/errors/refusal.ts'
import type { AnalyzedGroup, AnalyzedLink } from '../../core/transfers/analysis.ts'
import { humanSize } from './human-size.ts'
import type { Call, Method } from './method.ts'

/** Source: API v1 §8. */
export const urls: Record<string, Method> = {
  analyze: async ({ core, params }) => {
    const links = params.list('links') ?? params.list('urls')
    if (links === null) throw new Refusal('The parameter “links” is missing.')
    const { analyze } = await import('../../core/transfers/analysis.ts')
    const groups = await analyze(links, core)
    const problemOf = (group: AnalyzedGroup) =>
      [group.error, group.tooLarge].flatMap((why) => why ?? []).join(' ') || null
    const usable = groups.filter((group) => problemOf(group) === null)
    const single = (kind: 'file' | 'torrent') =>
      usable.flatMap(({ isMultipart, parts }) =>
        parts.flatMap((part) => (isMultipart || part.facts?.kind !== kind ? [] : [linkWire(part)])),
      )
    // An incomplete set of parts stays a set, with its problem: it would be lost among the errors.
    const isSet = (group: AnalyzedGroup) => group.isMultipart && group.parts.every(({ error }) => error === null)
    return {
      items: {
        multiparturl: groups.filter(isSet).map((group) => setWire(group, problemOf(group))),
        torrent: single('torrent'),
        singleurl: single('file'),
        error: groups
          .filter((group) => !isSet(group) && problemOf(group) !== null)
          .flatMap((group) => group.links.map((url) => ({ url, error: problemOf(group) }))),
      },
      disk_avail: `${core.quota.availableBytes()}`,
      bw_avail: `${core.bandwidth.balance().availableBytes}`,
    }
  },
  extracturls: async ({ core, params }) => {
    const [text, page] = [params.text('txt'), params.text('url')]
    if (text === null && page === null) throw new Refusal('The parameters “txt” and “url” are both missing.')
    const [{ linksInPage }, { linksInTextBySteps }] = await Promise.all([
      import('../../../engine/text/links-in-html.ts'),
      import('../../../engine/text/links-in-text.ts'),
    ])
    const inText = text === null ? [] : await linksInTextBySteps(text)
    const inPage = page === null || page === '' ? [] : await linksInPage(await pageText(core, page), page)
    return [...new Set([...inText, ...inPage])].map((url) => ({ url }))
  },
}

function linkWire({ link, facts, paidBytes, error }: AnalyzedLink) {
  const sizeBytes = facts?.sizeBytes ?? null
  return {
    url: link,
    name: facts?.name ?? '',
    ...sizeWire(sizeBytes),
    paid_bw: `${paidBytes}`,
    source: facts?.host ?? '',
    type: 'file',
    needs_pass: facts?.needsPassword === true ? 1 : 0,
    error,
  }
}

function setWire(group: AnalyzedGroup, error: string | null) {
  return {
    name: group.name,
    ...sizeWire(group.sizeBytes),
    paid_bw: `${group.paidBytes}`,
    error,
    parts: group.parts.map(linkWire),
  }
}

/** Old clients fail when a size is null, so an unknown one is 0 for them. Source: API v1 §8.2. */
function sizeWire(sizeBytes: number | null) {
  return {
    size: `${sizeBytes ?? 0}`,
    human_size: sizeBytes === null ? '?' : humanSize(sizeBytes),
  }
}

async function pageText({ gate, report }: Call['core'], page: string): Promise<string> {
  const [{ fetchText }, { sentenceOf }] = await Promise.all([
    import('../../core/transfers/fetch/fetch-text.ts'),
    import('../../core/transfers/analysis.ts'),
  ])
  try {
    return await fetchText(page, { gate, signal: AbortSignal.timeout(30_000), maxBytes: 4 * 1024 * 1024 })
  } catch (error) {
    throw new Refusal(sentenceOf(error, page, report), { cause: error })
  }
}
