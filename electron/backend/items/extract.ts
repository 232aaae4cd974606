import { setTimeout as wait } from 'node:timers/promises'
import type { Output, Request } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { PutioClient } from '../putio/client.ts'
import type { Extraction } from '../putio/extraction.ts'

/** How often the service is asked: at first, and after a few seconds. */
const [soonMs, laterMs] = [250, 2000]
const soonRounds = 12
/** A service that does not answer is asked again this often. */
const maxSilent = 5

/** Unpacks an archive at the service, and waits until that has ended. It is forgotten there at the end, whatever that is. */
export async function extractArchive(
  client: PutioClient,
  { itemId, password }: { itemId: ItemId; password: string | null },
  request: Request<'items.extract'>,
): Promise<Output<'items.extract'>> {
  const begun = await client.during(request.signal).extract(itemId, password)
  try {
    const { status, message, folderId } = await ended(client.during(request.signal), begun, request)
    if (status === 'failed') throw new AppError('refused', message ?? 'The service could not unpack this archive.')
    if (status === 'password') {
      return { outcome: password === null ? 'needs-password' : 'wrong-password', folderId: null, note: null }
    }
    return { outcome: 'unpacked', folderId, note: message }
  } finally {
    // It does no harm if it stays in the service's list.
    await client.dismissExtraction(begun.id).catch(() => undefined)
  }
}

async function ended(
  client: PutioClient,
  begun: Extraction,
  { signal, tell }: Request<'items.extract'>,
): Promise<Extraction> {
  let silent = 0
  let extraction: Extraction | undefined = begun
  for (let round = 1; ; round += 1) {
    if (extraction === undefined)
      throw new AppError(
        'refused',
        'The service no longer unpacks this archive. It may have been restarted: try again.',
      )
    if (extraction.status !== 'running') return extraction
    tell({ done: Math.min(100, Math.max(0, Math.round(extraction.percent ?? 0))), total: 100 })
    await wait(round > soonRounds ? laterMs : soonMs, undefined, { signal })
    try {
      extraction = (await client.extractions()).find(({ id }) => id === begun.id)
      silent = 0
    } catch (error) {
      silent += 1
      if (!(error instanceof AppError) || error.code !== 'unreachable' || silent > maxSilent) throw error
    }
  }
}
