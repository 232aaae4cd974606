import type { AccountId } from '../../../shared/account.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { Host } from '../host/host.ts'
import { contentPath } from '../service/local-service.ts'
import type { Accounts } from './accounts.ts'

/** A smaller file is fetched sooner than its content is asked for. */
export const minStoredBytes = 1024 * 1024

/**
 * The path of a file's content in the data folder of the local service, to be cloned from there; null for a small file and any other
 * account. A clone only saves time and space, so it is null after any error, too.
 */
export async function storedContent(
  { accounts, host }: { accounts: Accounts; host: Pick<Host, 'dataFolder'> },
  accountId: AccountId,
  file: { itemId: ItemId; sizeBytes: number },
  signal: AbortSignal,
): Promise<string | null> {
  if (file.sizeBytes < minStoredBytes) return null
  try {
    const session = accounts.session(accountId)
    if (session.account.kind !== 'this-computer') return null
    const content = await session.client().during(signal).contentOf(file.itemId)
    return content === null ? null : contentPath(host, content)
  } catch {
    return null
  }
}
