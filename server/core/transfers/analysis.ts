import { asLink } from '../../../engine/text/as-link.ts'
import { formatSize } from '../../../engine/text/format-size.ts'
import type { Bandwidth } from '../account/bandwidth.ts'
import { type DiskQuota, trashAdvice } from '../account/quota.ts'
import { reasonOf } from '../errors/reason.ts'
import { eachByHost } from './by-host.ts'
import { type Facts, type FactsOptions, factsOfLink, isTimeout, linkFacts, timeoutSentence } from './fetch/facts.ts'
import { BusyError } from './fetch/fetch-text.ts'
import type { KnownSizes } from './known-sizes.ts'
import { groupLinks, type LinkGroup, linkKind, unfetchableReason } from './links.ts'

const maxAtOnce = 32
const maxPerHost = 6

/** What is known about a link, and what prevents fetching it. */
export interface AnalyzedLink {
  link: string
  facts: Facts | null
  paidBytes: number
  /** Why it cannot be fetched at all, or null. */
  error: string | null
  /** Why nothing could be learned about it now, although it can be tried, or null. */
  note: string | null
}

/** Links that are fetched together. */
export interface AnalyzedGroup extends LinkGroup {
  parts: AnalyzedLink[]
  /** The sum of the known sizes; null when none is known. */
  sizeBytes: number | null
  paidBytes: number
  /** Why it cannot be fetched, or null. */
  error: string | null
  /** Why it does not fit into what is left of the quotas, or null. That can change before it is added. */
  tooLarge: string | null
}

export interface AnalysisOptions extends FactsOptions {
  quota: DiskQuota
  bandwidth: Bandwidth
  largestFileBytes: number | null
  sizes: KnownSizes
  /** What transfers that have not reserved it yet will need. */
  queued(): { bytes: number; paidBytes: number }
  report(error: unknown): void
}

/**
 * Analyzes links, grouping those of one archive: many at once, few per host, each within a time limit. Source: API v1
 * §8.
 */
export async function analyze(links: readonly string[], options: AnalysisOptions): Promise<AnalyzedGroup[]> {
  const plain = links.map(asLink)
  /** Maps each link back to the form in which the client sent it. */
  const written = new Map(links.map((link, at): [string, string] => [plain[at] ?? '', link.trim()]))
  const known = new Map<string, AnalyzedLink>()
  /** How many links of a host timed out; negative infinity once one of them answered. */
  const timeouts = new Map<string, number>()
  await eachByHost([...new Set(plain)], hostOf, { maxAtOnce, maxPerHost }, async (link) => {
    const host = hostOf(link)
    const isUnresponsive = host !== '' && (timeouts.get(host) ?? 0) >= maxPerHost
    const answer = isUnresponsive ? timedOutLink(link) : await analyzeLink(link, options)
    const missed = answer.note === withRetryNote(timeoutSentence(link)) ? 1 : Number.NEGATIVE_INFINITY
    timeouts.set(host, (timeouts.get(host) ?? 0) + missed)
    known.set(link, answer)
    // A torrent file is read again when it is added.
    if (linkKind(link) !== 'torrent-file') options.sizes.learn(link, answer.facts?.sizeBytes ?? null)
  })
  const committed = options.queued()
  return groupLinks(plain)
    .map((group) => assess(group, known, { ...options, committed }))
    .map((group) => ({
      ...group,
      links: group.links.map((link) => written.get(link) ?? link),
      parts: group.parts.map((part) => ({ ...part, link: written.get(part.link) ?? part.link })),
    }))
}

/** Another link of a host that does not respond: not worth ten more seconds for those queued behind it. */
function timedOutLink(link: string): AnalyzedLink {
  return { link, facts: factsOfLink(link), paidBytes: 0, error: null, note: withRetryNote(timeoutSentence(link)) }
}

/** Extends a sentence on a temporary problem with what a transfer of the link does about it. */
function withRetryNote(sentence: string): string {
  return sentence.replace(/\.$/, '; it will be tried again.')
}

async function analyzeLink(link: string, options: AnalysisOptions): Promise<AnalyzedLink> {
  const { hosters, report } = options
  const refused = unfetchableReason(link) ?? hosters.unfetchableReason(link)
  if (refused !== null) return { link, facts: null, paidBytes: 0, error: refused, note: null }
  try {
    const facts = await linkFacts(link, options)
    return { link, facts, paidBytes: hosters.isPaid(link) ? (facts.sizeBytes ?? 0) : 0, error: null, note: null }
  } catch (error) {
    if (isTimeout(error)) return timedOutLink(link)
    if (error instanceof BusyError)
      return { link, facts: factsOfLink(link), paidBytes: 0, error: null, note: withRetryNote(error.message) }
    return { link, facts: null, paidBytes: 0, error: sentenceOf(error, link, report), note: null }
  }
}

type AssessOptions = AnalysisOptions & { committed: ReturnType<AnalysisOptions['queued']> }

/** Checks a group against every limit, and describes the problems in sentences. */
function assess(group: LinkGroup, known: Map<string, AnalyzedLink>, options: AssessOptions): AnalyzedGroup {
  const { quota, bandwidth, largestFileBytes, committed } = options
  const parts = group.links.flatMap((link) => known.get(link) ?? [])
  const sizes = parts.map(({ facts }) => facts?.sizeBytes ?? null)
  const sizeBytes = sizes.every((size) => size === null)
    ? null
    : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
  const paidBytes = parts.reduce((sum, part) => sum + part.paidBytes, 0)
  const errors = [...new Set(parts.flatMap(({ error }) => error ?? []))]
  if (group.missing.length > 0) {
    errors.push(`“${group.name}” is not complete: ${group.missing.slice(0, 5).join(', ')} is missing.`)
  }
  const name = group.isMultipart ? group.name : (parts[0]?.facts?.name ?? group.name)
  const largest = Math.max(0, ...parts.map(({ facts }) => facts?.largestBytes ?? facts?.sizeBytes ?? 0))
  if (largestFileBytes !== null && largest > largestFileBytes) {
    errors.push(`“${name}” is too large: no file may be larger than ${formatSize(largestFileBytes)} here.`)
  }
  return {
    ...group,
    name,
    parts,
    sizeBytes,
    paidBytes,
    error: errors.length === 0 ? null : errors.join(' '),
    tooLarge: tooLargeReason(name, { sizeBytes: sizeBytes ?? 0, paidBytes, quota, bandwidth, committed }),
  }
}

function tooLargeReason(
  name: string,
  {
    sizeBytes,
    paidBytes,
    quota,
    bandwidth,
    committed,
  }: Pick<AssessOptions, 'quota' | 'bandwidth' | 'committed'> & {
    sizeBytes: number
    paidBytes: number
  },
): string | null {
  const free = Math.max(0, quota.unreservedBytes() - committed.bytes)
  const left = Math.max(0, bandwidth.balance().availableBytes - committed.paidBytes)
  const problems = [
    ...(sizeBytes > free ? [`it needs ${formatSize(sizeBytes)}, and ${formatSize(free)} is free`] : []),
    ...(paidBytes > left ? [`it costs ${formatSize(paidBytes)} of bandwidth, and ${formatSize(left)} is left`] : []),
  ]
  const advice = sizeBytes > free ? trashAdvice(quota) : ''
  return problems.length === 0 ? null : `“${name}” does not fit: ${problems.join('; ')}.${advice}`
}

/** What went wrong with a link, in a sentence; an unknown error is reported. */
export function sentenceOf(error: unknown, link: string, report: (error: unknown) => void): string {
  if (isTimeout(error)) return timeoutSentence(link)
  const reason = reasonOf(error)
  if (reason !== null) return reason
  report(error)
  return 'The service could not look at this link.'
}

function hostOf(link: string): string {
  const kind = linkKind(link)
  return kind === 'http' || kind === 'ftp' ? new URL(link).hostname : ''
}
