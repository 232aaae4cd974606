import type * as z from 'zod'
import type { AnalyzedLink } from '../../../../shared/analysis.ts'
import { readRows, type UnreadRow } from '../lenient.ts'
import type { Calls } from './calls.ts'
import { sentenceOf } from './sentence.ts'
import { type WireAccount, WireAnalysis, WireAnalyzed } from './wire.ts'

/** Source: API v2 §10.1, §21, U13. */
const linksAtOnce = 20
const timeoutMs = 60_000

/** The requests that an analysis makes. */
interface AnalysisCalls extends Pick<Calls, 'ask' | 'note'> {
  account(): Promise<z.infer<typeof WireAccount>['info']>
}

/** What the service knows about links, some at a time. A link that it does not name can still be added. */
export async function analyze(links: readonly string[], { ask, note, account }: AnalysisCalls) {
  const groups: string[][] = []
  for (let done = 0; done < links.length; done += linksAtOnce) groups.push(links.slice(done, done + linksAtOnce))
  const asked = groups.map((urls) =>
    ask(
      {
        verb: 'POST',
        path: '/v2/transfers/info',
        form: { urls: urls.map((url) => url.replaceAll(/[\r\n]/g, '')).join('\n') },
        isRepeatable: true,
        timeoutMs,
      },
      WireAnalysis,
    ),
  )
  const [info, ...answers] = await Promise.all([account(), ...asked])
  const unread: UnreadRow[] = []
  const rows = answers.flatMap(({ ret }, index) => {
    const all = readRows(ret, WireAnalyzed)
    unread.push(...all.unread)
    return rowsOf(groups[index] ?? [], all.read)
  })
  await note('transfers/info', unread, null)
  const free = answers.map(({ disk_avail: available }) => available).find((available) => available !== null)
  return {
    rows,
    diskFreeBytes: free ?? info.disk.avail,
    diskTotalBytes: info.disk.size,
    bandwidthLeftBytes: info.putdesk?.bandwidth_left ?? null,
  }
}

/** One row for each link, in their order. The service answers with the same links, or leaves some out. */
function rowsOf(links: readonly string[], answers: readonly (WireAnalyzed | null)[]): AnalyzedLink[] {
  const byLink = new Map(answers.flatMap((answer) => (answer?.url == null ? [] : [[answer.url, answer] as const])))
  return links.map((link, index) => {
    const placed = answers.length === links.length ? answers[index] : undefined
    return toRow(link, byLink.get(link) ?? placed ?? null)
  })
}

function toRow(link: string, answer: WireAnalyzed | null): AnalyzedLink {
  const error = answer?.error ?? null
  const failed = error !== null || answer?.error_message != null
  const sentence = failed ? sentenceOf(error, answer?.error_message ?? error) : null
  const isTorrent = /^magnet:|^data:|\.torrent(?:[?#]|$)/i.test(link) || /torrent|magnet/i.test(answer?.type_name ?? '')
  const sizeBytes = answer?.file_size ?? 0
  return {
    kind: failed ? 'problem' : isTorrent ? 'torrent' : 'file',
    name: answer?.name || link,
    host: URL.canParse(link) ? new URL(link).hostname : '',
    links: [link],
    // Zero means that it is not known. Source: API v2 §10.
    sizeBytes: sizeBytes > 0 ? sizeBytes : null,
    bandwidthBytes: 0,
    problem: failed ? (sentence ?? 'This link cannot be fetched.') : null,
    needsPassword: false,
    seeds: null,
    entryCount: null,
    unpackedBytes: null,
    note: null,
  }
}
