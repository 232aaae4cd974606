import { asLink } from '../../../engine/text/as-link.ts'
import type { Database } from '../data/database.ts'
import { newContentName } from '../space/content.ts'
import type { Hosters } from './hosters.ts'
import type { KnownSizes } from './known-sizes.ts'
import { firstStatus } from './life.ts'
import { groupLinks, linkKind, torrentBytes, torrentSize, unfetchableReason } from './links.ts'
import type { Transfer } from './transfer.ts'
import type { TransferRows } from './transfer-rows.ts'

/**
 * Saves one transfer for each link, in order, but the parts of an archive as one. Those that cannot be fetched start in
 * Error.
 */
export function addRows(
  links: readonly string[],
  folderId: number,
  { db, rows, hosters, sizes }: { db: Database; rows: TransferRows; hosters: Hosters; sizes: KnownSizes },
): Transfer[] {
  return db.transact(() =>
    groupLinks(links.map(asLink)).map(({ name, links: together }) => {
      const [first = ''] = together
      const kind = linkKind(first)
      const transfer = rows.insert({
        links: kind === 'torrent-file' ? [] : together,
        kind: kind === 'magnet' || kind === 'torrent-file' ? 'torrent' : 'links',
        name,
        folderId,
        ...firstStatus(firstUnfetchableReason(together, hosters)),
        content: newContentName(),
        sizeBytes: kind === 'torrent-file' ? torrentSize(first) : sizes.of(together),
      })
      if (kind === 'torrent-file') rows.keepTorrentFile(transfer.id, torrentBytes(first))
      return transfer
    }),
  )
}

/** Why one of the links cannot be fetched, or null when all can be tried. */
export function firstUnfetchableReason(links: readonly string[], hosters: Hosters): string | null {
  return (
    links.map((link) => unfetchableReason(link) ?? hosters.unfetchableReason(link)).find((why) => why !== null) ?? null
  )
}
