import type { AnalyzedGroup, AnalyzedLink } from '../../core/transfers/analysis.ts'
import { ApiError } from './error.ts'
import { humanSize } from './human-size.ts'
import type { Call, Result } from './method.ts'

const maxLinks = 1000

/** What is known about links, without adding them. Source: API v2 §10. */
export async function linksInfo({ core, params, isExtended }: Call): Promise<Result> {
  const raw = params.raw('urls')
  const text = Array.isArray(raw) ? raw.join('\n') : params.required('urls')
  const links = text.split(/[\r\n]+/).filter((line) => line.trim() !== '')
  if (links.length === 0) throw new ApiError(400, 'EMPTY_URL', 'There are no links to look at.')
  if (links.length > maxLinks)
    throw new ApiError(403, 'TOO_MANY_URLS', `At most ${maxLinks} links can be looked at at once.`, { limit: maxLinks })
  const { analyze } = await import('../../core/transfers/analysis.ts')
  const groups = await analyze(links, core)
  const rows = new Map(
    groups.flatMap((group) =>
      group.parts.map((part): [string, object] => [part.link, linkWire(part, group, isExtended)]),
    ),
  )
  return {
    ret: links.map((link) => rows.get(link.trim()) ?? unknownWire(link.trim())),
    disk_avail: core.quota.availableBytes(),
    ...(isExtended && {
      putdesk: {
        bandwidth_left: core.bandwidth.balance().availableBytes,
        groups: groups.map(groupWire),
      },
    }),
  }
}

/** The fields of an error are only there if there is one. Source: API v2 §19, C10. */
function linkWire(part: AnalyzedLink, group: AnalyzedGroup, isExtended: boolean) {
  const { link, facts, paidBytes, note } = part
  // Our own client decides itself what fits, and shows by how much the rest does not.
  const problem = part.error ?? (group.isMultipart ? null : group.error) ?? (isExtended ? null : group.tooLarge)
  const sizeBytes = facts?.sizeBytes ?? null
  return {
    url: link,
    name: facts?.name ?? group.name,
    type_name: facts?.kind ?? '',
    file_size: sizeBytes ?? 0,
    human_size: humanSize(sizeBytes ?? 0),
    ...(problem !== null && { error: 'BadRequest', error_message: problem }),
    ...(isExtended && {
      putdesk: {
        size: sizeBytes,
        paid_bw: paidBytes,
        source: facts?.host ?? '',
        needs_pass: facts?.needsPassword === true,
        seeds: facts?.seeds ?? null,
        entries: facts?.entries ?? null,
        unpacked: facts?.unpackedBytes ?? null,
        note,
      },
    }),
  }
}

function unknownWire(url: string) {
  return {
    url,
    name: url,
    type_name: '',
    file_size: 0,
    human_size: humanSize(0),
    error: 'BadRequest',
    error_message: 'This link cannot be fetched.',
  }
}

/** Links that become one transfer: one, or all parts of an archive. */
function groupWire({ name, links, isMultipart, sizeBytes, paidBytes, error }: AnalyzedGroup) {
  return { name, links, is_multipart: isMultipart, size: sizeBytes, paid_bw: paidBytes, error }
}
