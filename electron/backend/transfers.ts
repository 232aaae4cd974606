import type { HandlersOf } from '../../shared/contract.ts'
import { AppError } from '../../shared/errors.ts'
import type { ItemId } from '../../shared/item.ts'
import type { Accounts } from './accounts.ts'
import { toReport } from './analysis-report.ts'
import type { History } from './history.ts'
import { extractLinks } from './links.ts'
import type { Session } from './session.ts'

/** Links, from pasted text over the analysis to transfers and what became of them. */
export function transferHandlers(
  accounts: Accounts,
  history: History,
): HandlersOf<'links'> & HandlersOf<'analysis'> & HandlersOf<'transfers'> & HandlersOf<'history'> {
  return {
    'links.extract': async ({ text, html }) => extractLinks(text, html),
    'analysis.run': async ({ accountId, links }) => {
      const analysis = await accounts.session(accountId).client().analyzeLinks(links)
      return { ...analysis, report: toReport(analysis) }
    },
    'transfers.add': ({ accountId, links, folderId }) => add(accounts.session(accountId), links, folderId),
    'transfers.cancel': async ({ accountId, transferIds }) => {
      const session = accounts.session(accountId)
      for (const transferId of transferIds) {
        session.transfers?.noteCancelled(transferId)
        await session.client().cancelTransfer(transferId)
      }
      await session.transfers?.refresh()
      await session.refreshQuota()
      return null
    },
    'transfers.retry': async ({ accountId, transferId }) => {
      const session = accounts.session(accountId)
      const listed = session.transfers?.get(transferId) ?? null
      const remembered = history.pending(accountId, transferId)
      const links = listed !== null && listed.links.length > 0 ? listed.links : (remembered?.links ?? [])
      if (links.length === 0)
        throw new AppError('not-found', 'The links of this transfer are not known here. Add them again.')
      await add(session, links, listed?.folderId ?? remembered?.folderId ?? 0)
      session.transfers?.noteCancelled(transferId)
      await session.client().cancelTransfer(transferId)
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

async function add(session: Session, links: readonly string[], folderId: ItemId): Promise<number[]> {
  const added = await session.client().addTransfers(links, folderId)
  // The service answers in the order of the links, one each; where it grouped some, which came of which is not told.
  const isOneEach = added.length === links.length
  session.transfers?.noteAdded(
    added.map((transfer, index) => ({
      transfer,
      links: transfer.links.length > 0 ? transfer.links : isOneEach ? links.slice(index, index + 1) : [],
    })),
    folderId,
  )
  await session.transfers?.refresh()
  return added.map(({ id }) => id)
}
