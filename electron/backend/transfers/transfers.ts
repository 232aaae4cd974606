import type { HandlersOf, Output, RefusedLink } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { TransferId } from '../../../shared/transfer.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Session } from '../accounts/session.ts'
import type { History } from '../history/history.ts'
import type { PutioClient } from '../putio/client.ts'
import type { AddedTransfer } from '../putio/transfer-feed.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { toReport } from './analysis-report.ts'
import { KnownSizes } from './known-sizes.ts'
import { extractLinks } from './links.ts'
import { isTorrentFile, type TorrentFiles } from './torrent-files.ts'

/** The parts of the backend that the transfer handlers depend on. */
export interface TransferHandlersOptions {
  accounts: Accounts
  history: History
  torrentFiles: TorrentFiles
  secrets: Secrets
}

/** Handlers for links: extracting them from text, analyzing them, adding them as transfers, and the history. */
export function transferHandlers({
  accounts,
  history,
  torrentFiles,
  secrets,
}: TransferHandlersOptions): HandlersOf<'links'> &
  HandlersOf<'analysis'> &
  HandlersOf<'transfers'> &
  HandlersOf<'history'> {
  const sizes = new KnownSizes()
  return {
    'links.extract': ({ text, html }) => extractLinks(text, html),
    'links.fromFile': async ({ name, base64 }) => torrentFiles.take(name, Buffer.from(base64, 'base64')),
    'analysis.run': async ({ accountId, links }, { signal }) => {
      const session = accounts.session(accountId)
      const analysis = await analyze(session.client().during(signal), links, {
        files: torrentFiles,
        canTakeFiles: (await session.capabilities()).canTakeTorrentFiles,
      })
      sizes.learn(accountId, analysis.rows)
      return { ...analysis, report: toReport(analysis) }
    },
    'transfers.add': ({ accountId, links, folderId }) =>
      add(accounts.session(accountId), { links, folderId }, { torrentFiles, sizes }),
    'transfers.cancel': async ({ accountId, transferIds }) => {
      await accounts.session(accountId).transfers?.cancel(transferIds)
      return null
    },
    'transfers.keep': async ({ accountId, transferIds }) =>
      accounts.session(accountId).transfers?.keep(transferIds) ?? [...transferIds],
    'transfers.retry': async ({ accountId, transferId, password, isUnpacked }) => {
      const session = accounts.session(accountId)
      if (password !== null) secrets.add(password)
      if ((await session.capabilities()).canRetryInPlace)
        await session.client().retryTransfer(transferId, { password, isUnpacked })
      else {
        if (password !== null || !isUnpacked)
          throw new AppError('refused', 'This server cannot be told how to unpack an archive.')
        const { links, folderId } = originOf(session, transferId)
        await add(session, { links, folderId }, { torrentFiles, sizes })
        await session.client().cancelTransfer(transferId)
      }
      await session.transfers?.refresh()
      return null
    },
    'transfers.reannounce': async ({ accountId, transferId }) => {
      const session = accounts.session(accountId)
      if (!(await session.capabilities()).canReannounce)
        throw new AppError('refused', 'This service asks the trackers only by itself.')
      await session.client().reannounce(transferId)
      await session.transfers?.refresh()
      return null
    },
    'history.list': async ({ accountId }) => history.list(accountId),
    'history.links': async ({ accountId, entryId }) => {
      const links = history.linksOf(accounts.session(accountId).account.id, entryId)
      if (links === null) throw new AppError('not-found', `The links of the transfer ${entryId} are no longer known.`)
      return [...links]
    },
    'history.clear': async ({ accountId }) => history.clear(accountId, Date.now()),
    'history.restore': async ({ accountId, clearedAtMs }) => {
      if (!history.restore(accountId, clearedAtMs, Date.now()))
        throw new AppError('refused', 'This part of the history is no longer known.')
      return null
    },
  }
}

/** The links that a transfer was created from. Throws `not-found`. */
function originOf(session: Session, transferId: TransferId): { links: readonly string[]; folderId: ItemId } {
  const origin = session.transfers?.originOf(transferId) ?? null
  if (origin === null) throw new AppError('not-found', 'The links of this transfer are not known here. Add them again.')
  return origin
}

/** Puts all links into one request and each torrent file into its own, because a service limits the size of a request. */
function toRequests(links: readonly string[], files: TorrentFiles): string[][] {
  const plain = links.filter((link) => !isTorrentFile(link))
  const whole = links.filter(isTorrentFile).map((link) => [files.toService(link)])
  return [...(plain.length > 0 ? [plain] : []), ...whole]
}

async function analyze(
  client: PutioClient,
  links: readonly string[],
  { files, canTakeFiles }: { files: TorrentFiles; canTakeFiles: boolean },
) {
  const canTake = (link: string) => canTakeFiles || !isTorrentFile(link)
  const refused = links.filter((link) => !canTake(link)).map((link) => files.toProblem(link, noTorrentFiles))
  const requests = toRequests(links.filter(canTake), files)
  const [first, ...others] = await Promise.all(requests.map((request) => client.analyzeLinks(request)))
  const rows = [first, ...others].flatMap((analysis) => analysis?.rows ?? []).map((row) => files.toWindow(row))
  const { diskFreeBytes, diskTotalBytes, bandwidthLeftBytes } = first ?? (await client.account()).quota
  return { rows: [...rows, ...refused], diskFreeBytes, diskTotalBytes, bandwidthLeftBytes }
}

const noTorrentFiles = 'This server takes no torrent files. Add the magnet link instead.'

async function add(
  session: Session,
  { links, folderId }: { links: readonly string[]; folderId: ItemId },
  { torrentFiles: files, sizes }: { torrentFiles: TorrentFiles; sizes: KnownSizes },
): Promise<Output<'transfers.add'>> {
  const { canTakeTorrentFiles } = await session.capabilities()
  if (!canTakeTorrentFiles && links.some(isTorrentFile)) throw new AppError('refused', noTorrentFiles)
  const ids: number[] = []
  const allRefused: RefusedLink[] = []
  const errors: AppError[] = []
  for (const request of toRequests(links, files)) {
    try {
      const { added, refused } = await session.client().addTransfers(request, folderId)
      const named = nameRefused(request, { added, refused })
      const isRefused = new Set(named.map(({ link }) => link))
      const taken = request.filter((link) => !isRefused.has(link))
      const noted = withLinks(added, taken).map((one) => ({ ...one, ...sizes.of(session.account.id, one.links) }))
      session.transfers?.noteAdded(noted, folderId)
      ids.push(...added.flatMap((transfer) => transfer?.id ?? []))
      allRefused.push(...named)
    } catch (error) {
      // The other requests have their own answers.
      if (!(error instanceof AppError)) throw error
      errors.push(error)
      allRefused.push(...request.map((link) => ({ link, sentence: error.message })))
    }
  }
  const [first] = errors
  if (first !== undefined && allRefused.length === links.length) throw first
  await session.transfers?.refresh()
  const ours = new Map(links.filter(isTorrentFile).map((link) => [files.toService(link), link]))
  return { ids, refused: allRefused.map(({ link, sentence }) => ({ link: ours.get(link) ?? link, sentence })) }
}

/** Completes refusals that do not name a link of the request: they mean those of which nothing else is said, in order. */
function nameRefused(
  request: readonly string[],
  { added, refused }: Awaited<ReturnType<PutioClient['addTransfers']>>,
): RefusedLink[] {
  const known = new Set([...refused.map(({ link }) => link), ...added.flatMap((transfer) => transfer?.links ?? [])])
  const left = request.filter((link) => !known.has(link))
  const isOurs = new Set(request)
  return refused.map(({ link, sentence }) => ({ link: isOurs.has(link) ? link : (left.shift() ?? ''), sentence }))
}

/**
 * Pairs transfers with the links they were created from. The service returns one transfer per link, in order. If it grouped some
 * links, the pairing is unknown. A torrent file is not kept, because its link cannot be used again.
 */
function withLinks(added: readonly (AddedTransfer | null)[], links: readonly string[]) {
  const isOneEach = added.length === links.length
  return added.flatMap((transfer, index) => {
    if (transfer === null) return []
    const own = transfer.links.length > 0 ? transfer.links : isOneEach ? links.slice(index, index + 1) : []
    return [{ transfer, links: own.filter((link) => !/^data:/i.test(link)) }]
  })
}
