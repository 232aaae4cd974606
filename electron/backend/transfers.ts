import type { AccountId } from '../../shared/account.ts'
import type { HandlersOf } from '../../shared/contract.ts'
import { AppError } from '../../shared/errors.ts'
import type { ItemId } from '../../shared/item.ts'
import { isOnlyShared } from '../../shared/slots.ts'
import type { TransferId } from '../../shared/transfer.ts'
import type { Accounts } from './accounts.ts'
import { toReport } from './analysis-report.ts'
import type { History } from './history.ts'
import { extractLinks } from './links.ts'
import type { ListedTransfer, PutioClient } from './putio/client.ts'
import type { Secrets } from './secrets.ts'
import type { Session } from './session.ts'
import { isTorrentFile, type TorrentFiles } from './torrent-files.ts'

/** What the handlers of transfers need of the backend around them. */
export interface TransferHandlersOptions {
  accounts: Accounts
  history: History
  torrentFiles: TorrentFiles
  secrets: Secrets
}

/** Links, from pasted text over the analysis to transfers and what became of them. */
export function transferHandlers({
  accounts,
  history,
  torrentFiles,
  secrets,
}: TransferHandlersOptions): HandlersOf<'links'> &
  HandlersOf<'analysis'> &
  HandlersOf<'transfers'> &
  HandlersOf<'history'> {
  return {
    'links.extract': ({ text, html }) => extractLinks(text, html),
    'links.fromFile': async ({ name, base64 }) => torrentFiles.take(name, Buffer.from(base64, 'base64')),
    'analysis.run': async ({ accountId, links }, { signal }) => {
      const analysis = await analyze(accounts.session(accountId).client().during(signal), links, torrentFiles)
      return { ...analysis, report: toReport(analysis) }
    },
    'transfers.add': ({ accountId, links, folderId }) =>
      add(accounts.session(accountId), { links, folderId }, torrentFiles),
    'transfers.cancel': async ({ accountId, transferIds }, { signal, tell }) => {
      const session = accounts.session(accountId)
      try {
        for (const [done, transferId] of transferIds.entries()) {
          signal.throwIfAborted()
          const listed = session.transfers?.get(transferId) ?? null
          // What is there already was not cancelled: it has finished.
          if (listed === null || !isOnlyShared(listed)) session.transfers?.noteCancelled(transferId)
          await session.client().cancelTransfer(transferId)
          tell({ done: done + 1, total: transferIds.length })
        }
      } finally {
        await session.transfers?.refresh()
        await session.refreshQuota()
      }
      return null
    },
    'transfers.retry': async ({ accountId, transferId, password, isUnpacked }) => {
      const session = accounts.session(accountId)
      if (password !== null) secrets.add(password)
      const isDone = await session.client().retryTransfer(transferId, { password, isUnpacked })
      if (isDone) session.transfers?.noteRetried(transferId)
      else {
        if (password !== null || !isUnpacked)
          throw new AppError('refused', 'This server cannot be told how to unpack an archive.')
        const { links, folderId } = rememberedLinks(session, history, { accountId, transferId })
        await add(session, { links, folderId }, torrentFiles)
        session.transfers?.noteCancelled(transferId)
        await session.client().cancelTransfer(transferId)
      }
      await session.transfers?.refresh()
      return null
    },
    'history.list': async ({ accountId }) => history.list(accountId),
    'history.clear': async ({ accountId }) => {
      history.clear(accountId, Date.now())
      return null
    },
  }
}

/** The links of a transfer, as the service or our own memory tells. Throws `not-found`. */
function rememberedLinks(
  session: Session,
  history: History,
  { accountId, transferId }: { accountId: AccountId; transferId: TransferId },
): { links: string[]; folderId: ItemId } {
  const listed = session.transfers?.get(transferId) ?? null
  const remembered = history.pending(accountId, transferId)
  const links = listed !== null && listed.links.length > 0 ? listed.links : (remembered?.links ?? [])
  if (links.length === 0)
    throw new AppError('not-found', 'The links of this transfer are not known here. Add them again.')
  return { links, folderId: listed?.folderId ?? remembered?.folderId ?? 0 }
}

/** The links in one request, and each torrent file in one of its own: a service reads only so much at once. */
function toRequests(links: readonly string[], files: TorrentFiles): string[][] {
  const plain = links.filter((link) => !isTorrentFile(link))
  const whole = links.filter(isTorrentFile).map((link) => [files.toService(link)])
  return [...(plain.length > 0 ? [plain] : []), ...whole]
}

async function analyze(client: PutioClient, links: readonly string[], files: TorrentFiles) {
  const [first, ...others] = await Promise.all(toRequests(links, files).map((request) => client.analyzeLinks(request)))
  if (first === undefined) throw new AppError('bad-input', 'There is no link to look at.')
  const rows = [first, ...others].flatMap((analysis) => analysis.rows)
  return { ...first, rows: rows.map((row) => files.toWindow(row)) }
}

async function add(
  session: Session,
  { links, folderId }: { links: readonly string[]; folderId: ItemId },
  files: TorrentFiles,
): Promise<number[]> {
  const ids: number[] = []
  for (const request of toRequests(links, files)) {
    const added = await session.client().addTransfers(request, folderId)
    session.transfers?.noteAdded(withLinks(added, request), folderId)
    ids.push(...added.flatMap((transfer) => transfer?.id ?? []))
  }
  await session.transfers?.refresh()
  return ids
}

/**
 * Which links a transfer was made of. The service answers in the order of the links, one each; where it grouped some, which came
 * of which is not told. A torrent file is no link that could be used again.
 */
function withLinks(added: readonly (ListedTransfer | null)[], links: readonly string[]) {
  const isOneEach = added.length === links.length
  return added.flatMap((transfer, index) => {
    if (transfer === null) return []
    const own = transfer.links.length > 0 ? transfer.links : isOneEach ? links.slice(index, index + 1) : []
    return [{ transfer, links: own.filter((link) => !/^data:/i.test(link)) }]
  })
}
