import type { DetailedItem } from '../../core/space/details.ts'
import type { Call } from './method.ts'

/** How long an answer waits for checksums that are not known yet; without them, it has null for these. */
const maxWaitMs = 5000

/**
 * The same items with the checksums of their contents, as far as they are known soon. They are computed when a client asks for a file,
 * never while one is fetched. Our own client does not wait.
 */
export async function addSums({ core, isExtended }: Call, items: DetailedItem[]): Promise<DetailedItem[]> {
  if (isExtended || !items.some(isUnknown)) return items
  const { sumsOf } = await import('../../core/space/sums.ts')
  const known = await sumsOf(core, items.filter(isUnknown), maxWaitMs)
  return items.map((item) => ({ ...item, crc32: item.crc32 ?? known.get(item.content ?? '') ?? null }))
}

function isUnknown({ content, crc32 }: DetailedItem): boolean {
  return content !== null && crc32 === null
}
