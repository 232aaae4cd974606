import type * as z from 'zod'
import type { AnalyzedLink } from '../../../../shared/analysis.ts'
import { maxLinkLength } from '../../../../shared/limits.ts'
import { readRows, type UnreadRow } from '../lenient.ts'
import { type WireAnalysis, WireAnalyzedLink, WireLinkError, WireLinkSet, type WireUser } from './wire.ts'

/**
 * Parses the analysis row by row. If a row could not be parsed, links without any readable row are returned as links of unknown size,
 * so that they can still be added.
 */
export function toAnalysis(wire: WireAnalysis, user: WireUser, asked: readonly string[]) {
  const unread: UnreadRow[] = []
  const rowsOf = <T>(rows: readonly unknown[], schema: z.ZodType<T>): T[] => {
    const all = readRows(rows, schema)
    unread.push(...all.unread)
    return all.read.filter((row) => row !== null)
  }
  const known = new Set(asked)
  const linkOf = ({ url }: { url: string | null }): string[] => {
    if (url !== null && (known.has(url) || (url !== '' && url.length <= maxLinkLength))) return [url]
    unread.push({ row: url, problem: 'url: not a link' })
    return []
  }
  const { items } = wire
  const single = rowsOf(items.singleurl, WireAnalyzedLink).map((link) =>
    row(link, (link.paid_bw ?? 0) > 0 ? 'rapid' : 'file', linkOf(link)),
  )
  const torrents = rowsOf(items.torrent, WireAnalyzedLink).map((link) => row(link, 'torrent', linkOf(link)))
  const sets = rowsOf(items.multiparturl, WireLinkSet).map((set) => {
    const parts = rowsOf(set.parts, WireAnalyzedLink)
    if (parts.length === 0) unread.push({ row: set, problem: 'parts: none' })
    return {
      ...row(set, 'multipart', parts.flatMap(linkOf)),
      needsPassword: parts.some(needsPassword),
    }
  })
  const problems = rowsOf(items.error, WireLinkError).map((link) =>
    row({ ...noFacts, error: link.error || 'This link cannot be fetched.' }, 'problem', linkOf(link)),
  )
  const rows = [...single, ...sets, ...torrents, ...problems].filter(({ links }) => links.length > 0)
  const told = new Set(rows.flatMap(({ links }) => links))
  const untold = unread.length === 0 ? [] : asked.filter((link) => !told.has(link))
  const tried = untold.map((link) => row(noFacts, /^(?:magnet|data):/i.test(link) ? 'torrent' : 'file', [link]))
  return {
    rows: [...rows, ...tried],
    diskFreeBytes: wire.disk_avail ?? user.disk_quota_available,
    diskTotalBytes: user.disk_quota,
    bandwidthLeftBytes: wire.bw_avail,
    unread,
  }
}

const noFacts: WireAnalyzedLink = {
  url: null,
  name: null,
  size: null,
  paid_bw: null,
  source: null,
  needs_pass: null,
  error: null,
}

function row(link: WireAnalyzedLink, kind: AnalyzedLink['kind'], links: string[]): AnalyzedLink {
  const [first = ''] = links
  return {
    kind: link.error ? 'problem' : kind,
    name: link.name || first,
    host: link.source || (URL.canParse(first) ? new URL(first).hostname : ''),
    links,
    sizeBytes: link.size,
    bandwidthBytes: link.paid_bw ?? 0,
    problem: link.error || null,
    needsPassword: needsPassword(link),
    // API v1 does not tell these. Source: API v1 §8.2.
    seeds: null,
    entryCount: null,
    unpackedBytes: null,
    note: null,
  }
}

function needsPassword(link: WireAnalyzedLink): boolean {
  return Boolean(Number(link.needs_pass ?? 0))
}
