import type * as z from 'zod'
import type { AnalyzedLink } from '../../../../shared/analysis.ts'
import { readRows, type UnreadRow } from '../lenient.ts'
import type { Calls } from './calls.ts'
import { sentenceOf } from './sentence.ts'
import { type WireAccount, WireAnalysis, WireAnalyzed, WireGroup } from './wire.ts'

/** Source: API v2 §10.1, §21, U13. */
const linksAtOnce = 20
const timeoutMs = 60_000

/** More than are ever added at once: what belongs together must not be asked for apart. */
const linksAtOnceOfOwn = 1000

/** The requests that an analysis makes, and what is known of the service. */
interface AnalysisCalls extends Pick<Calls, 'ask' | 'note'> {
  account(): Promise<z.infer<typeof WireAccount>['info']>
  /** True for Putdesk's own service, which tells what belongs together. */
  isOwn(): boolean
}

/** What the service knows about links, some at a time. A link that it does not name can still be added. */
export async function analyze(links: readonly string[], { ask, note, account, isOwn }: AnalysisCalls) {
  const info = await account()
  const size = isOwn() ? linksAtOnceOfOwn : linksAtOnce
  const batches: string[][] = []
  for (let done = 0; done < links.length; done += size) batches.push(links.slice(done, done + size))
  const answers = await Promise.all(
    batches.map((urls) =>
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
    ),
  )
  const unread: UnreadRow[] = []
  const rows = answers.flatMap(({ ret, putdesk }, index) => {
    const all = readRows(ret, WireAnalyzed)
    unread.push(...all.unread)
    const groups = readRows(putdesk?.groups ?? [], WireGroup).read.filter((group) => group !== null)
    return rowsOf(batches[index] ?? [], all.read, groups)
  })
  await note('transfers/info', unread, null)
  const free = answers.map(({ disk_avail: available }) => available).find((available) => available !== null)
  const left = answers.map(({ putdesk }) => putdesk?.bandwidth_left).find((bytes) => bytes != null)
  return {
    rows,
    diskFreeBytes: free ?? info.disk?.avail ?? null,
    diskTotalBytes: info.disk?.size ?? null,
    bandwidthLeftBytes: left ?? info.putdesk?.bandwidth_left ?? null,
  }
}

/** One row for each link or group of links, in their order. The service answers with the same links, or leaves some out. */
function rowsOf(
  links: readonly string[],
  answers: readonly (WireAnalyzed | null)[],
  groups: readonly WireGroup[],
): AnalyzedLink[] {
  const byLink = new Map(answers.flatMap((answer) => (answer?.url == null ? [] : [[answer.url, answer] as const])))
  const answerTo = (link: string, index: number) => {
    const placed = answers.length === links.length ? answers[index] : undefined
    return byLink.get(link) ?? placed ?? null
  }
  const sets = new Map(
    groups.filter((group) => group.is_multipart).flatMap((set) => set.links.map((link) => [link, set])),
  )
  const rows: AnalyzedLink[] = []
  const told = new Set<WireGroup>()
  for (const [index, link] of links.entries()) {
    const set = sets.get(link)
    if (set === undefined) rows.push(toRow(link, answerTo(link, index)))
    else if (!told.has(set)) {
      told.add(set)
      rows.push(
        ...setRows(
          set,
          set.links.map((part) => byLink.get(part) ?? null),
        ),
      )
    }
  }
  return rows
}

/** A set of parts is one row, also with a problem of its own; but none if some of its parts cannot be fetched. */
function setRows(set: WireGroup, parts: readonly (WireAnalyzed | null)[]): AnalyzedLink[] {
  const isBroken = parts.some((part) => part === null || part.error !== null)
  if (isBroken) return set.links.map((link) => toRow(link, null, set.error ?? 'This link cannot be fetched.'))
  const facts = parts.flatMap((part) => part?.putdesk ?? [])
  const [first = ''] = set.links
  return [
    {
      kind: set.error === null ? 'multipart' : 'problem',
      name: set.name,
      host: hostIn(first),
      links: [...set.links],
      sizeBytes: set.size,
      bandwidthBytes: set.paid_bw ?? 0,
      problem: set.error,
      needsPassword: facts.some((one) => one.needs_pass === true),
      seeds: null,
      // The facts about a set come with the part that contains its directory.
      entryCount: facts.find(({ entries }) => entries !== null)?.entries ?? null,
      unpackedBytes: facts.find(({ unpacked }) => unpacked !== null)?.unpacked ?? null,
      note: facts.find((one) => one.note !== null)?.note ?? null,
    },
  ]
}

function toRow(link: string, answer: WireAnalyzed | null, problem: string | null = problemIn(answer)): AnalyzedLink {
  const own = answer?.putdesk ?? null
  const isTorrent = /^magnet:|^data:|\.torrent(?:[?#]|$)/i.test(link) || /torrent|magnet/i.test(answer?.type_name ?? '')
  const sizeBytes = answer?.file_size ?? 0
  const plainKind = isTorrent ? 'torrent' : (own?.paid_bw ?? 0) > 0 ? 'rapid' : 'file'
  return {
    kind: problem === null ? plainKind : 'problem',
    name: (problem === null && answer?.name) || link,
    host: own?.source || hostIn(link),
    links: [link],
    // Zero means that it is not known. Source: API v2 §10.
    sizeBytes: problem !== null ? null : own === null ? (sizeBytes > 0 ? sizeBytes : null) : own.size,
    bandwidthBytes: own?.paid_bw ?? 0,
    problem,
    needsPassword: own?.needs_pass ?? false,
    seeds: own?.seeds ?? null,
    entryCount: own?.entries ?? null,
    unpackedBytes: own?.unpacked ?? null,
    note: own?.note ?? null,
  }
}

/** Why a link cannot be fetched; null if it can. */
function problemIn(answer: WireAnalyzed | null): string | null {
  if (answer === null || (answer.error === null && answer.error_message === null)) return null
  if (answer.putdesk !== null && answer.error_message !== null) return answer.error_message
  return sentenceOf(answer.error, answer.error_message ?? answer.error) ?? 'This link cannot be fetched.'
}

function hostIn(link: string): string {
  return URL.canParse(link) ? new URL(link).hostname : ''
}
