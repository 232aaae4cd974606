import * as z from 'zod'
import { trimEnd } from '../../../../engine/text/trim-end.ts'
import type { Quota } from '../../../../shared/account.ts'
import { type Capabilities, noCapabilities } from '../../../../shared/capabilities.ts'
import { AppError } from '../../../../shared/errors.ts'
import { type Item, type ItemId, rootFolderId } from '../../../../shared/item.ts'
import type { TransferId } from '../../../../shared/transfer.ts'
import type { OnMore, PutioClient, StreamPurpose } from '../client.ts'
import type { Extraction } from '../extraction.ts'
import { readRows } from '../lenient.ts'
import { numberedName } from '../numbered-name.ts'
import { checkHost, did } from '../stream-host.ts'
import { analyze } from './analysis.ts'
import { createCalls } from './calls.ts'
import { feedCalls } from './feeds.ts'
import { unlessOutOfScope } from './in-scope.ts'
import { toItem, toKind, toTrashed } from './items.ts'
import { LostAnswers } from './lost-answers.ts'
import { playingCalls, type RefusedToPlayers } from './playing.ts'
import { type Call, type Endpoint, NameTaken, Requests } from './request.ts'
import { sentenceOf } from './sentence.ts'
import { settingsCalls } from './settings.ts'
import { sharingCalls } from './sharing.ts'
import { Socket } from './socket.ts'
import { type CompletedTransfer, type TransferPage, V2TransferFeed } from './transfer-feed.ts'
import { toTransfer, type V2Transfer } from './transfers.ts'
import { discardByTus, sendByTus } from './tus.ts'
import { sendFile } from './upload.ts'
import {
  WireAccount,
  WireAddError,
  WireAdded,
  WireApp,
  WireApps,
  WireDeleted,
  WireEvent,
  WireEvents,
  WireExtraction,
  WireExtractions,
  WireFile,
  WireMoved,
  WireMoveError,
  WireOneFile,
  WireOneTransfer,
  WirePage,
  WireProof,
  WireSharedFile,
  WireTransfer,
  WireTransferFile,
  WireTransferFiles,
  WireTransfers,
  WireTrashed,
  WireUnreadTransfer,
  WireUploaded,
  WireUrl,
} from './wire.ts'

/** Source: API v2 §4. */
const pageSize = 1000
/** How many links are added at once: the limit of Put.io is not known. Source: API v2 §21, U13. */
const linksAtOnce = 100
const deleteRounds = 50
/** How many of the newest events are asked for. */
const eventsAtOnce = 100
/** How many names are tried for a copy. */
const copyNames = 50
const anything = z.unknown()
/** Those that end an extraction. Source: API v2 §6. */
const extractionStatuses: Record<string, Extraction['status']> = {
  EXTRACTED: 'done',
  PASSWORD: 'password',
  ERROR: 'failed',
}

/** What a client knows about its server. Shared with the clients that `during` returns. */
interface Known {
  capabilities: Capabilities
  /** True for Putdesk's own service, which sends more than API v2 has. */
  isOwn: boolean
  /** For the addresses of films; null before it was asked for, or if the service has none. */
  downloadToken: string | null
  feed: V2TransferFeed | null
  /** True once the service has said that the sign-in does not allow feeds. */
  areFeedsRefused: boolean
  /** The same of the settings, and of sharing. */
  areSettingsRefused: boolean
  isSharingRefused: boolean
  refusedToPlayers: RefusedToPlayers
  lostAnswers: LostAnswers
  /** The folders that were listed, and the newest id of an item. */
  listedFolders: Set<ItemId>
  newestItemId: ItemId
  /** The newest that was listed; null before. */
  newestTransferId: TransferId | null
}

/** Creates a client for API v2. */
export function createV2Client(endpoint: Endpoint): PutioClient {
  const nothing = { capabilities: noCapabilities, isOwn: false, downloadToken: null, feed: null }
  const refused = { areFeedsRefused: false, areSettingsRefused: false, isSharingRefused: false }
  const unlisted = { listedFolders: new Set<ItemId>(), newestItemId: 0, newestTransferId: null }
  const refusedToPlayers = { positions: false, subtitles: false }
  const known: Known = { ...nothing, ...refused, ...unlisted, refusedToPlayers, lostAnswers: new LostAnswers() }
  return clientOn(endpoint, { requests: new Requests(endpoint), known })
}

function clientOn(endpoint: Endpoint, shared: { requests: Requests; known: Known }): PutioClient {
  const { requests, known } = shared
  const gated = { ...endpoint, gate: requests.gate }
  const { ask, rows, note } = createCalls(endpoint, requests)
  const file = async (itemId: ItemId) => (await ask({ verb: 'GET', path: `/v2/files/${itemId}` }, WireOneFile)).file
  const item = async (itemId: ItemId): Promise<Item> => toItem(await file(itemId))
  const listWire = async (query: Record<string, string | number>, onMore?: OnMore) => {
    const call = {
      first: {
        verb: 'GET',
        path: '/v2/files/list',
        query: { ...query, per_page: pageSize, hidden: 1, total: 1 },
      } as const,
      next: '/v2/files/list/continue',
      page: WirePage,
      row: WireFile,
      rowsOf: ({ files }: z.infer<typeof WirePage>) => files,
      list: 'files/list',
      noun: 'item',
    }
    const listed = (await rows(call, toldBy(onMore))).rows
    known.newestItemId = listed.reduce((newest, { id }) => Math.max(newest, id), known.newestItemId)
    return listed
  }
  const account = async () => {
    const call = { verb: 'GET', path: '/v2/account/info', query: { download_token: 1 }, isInternal: true } as const
    const { info } = await ask(call, WireAccount)
    if (info.download_token !== null) endpoint.secrets.add(info.download_token, { isOfServer: true })
    known.downloadToken = info.download_token
    known.isOwn = info.putdesk !== null
    known.capabilities = capabilitiesOf(info, known)
    return info
  }
  const listTransfers = async (finishedAfterMs: number | null): Promise<TransferPage> => {
    let tick: number | null = null
    const since = known.isOwn && finishedAfterMs !== null ? { finished_after: Math.floor(finishedAfterMs / 1000) } : {}
    const listed = await rows({
      first: { verb: 'GET', path: '/v2/transfers/list', query: { per_page: pageSize, ...since } },
      next: '/v2/transfers/list/continue',
      page: WireTransfers,
      row: WireTransfer,
      rowsOf: ({ transfers, putdesk }) => {
        // Of several pages, the first is the oldest.
        tick ??= putdesk?.tick ?? null
        return transfers
      },
      list: 'transfers/list',
      noun: 'transfer',
    })
    const unread = listed.unread.map(({ row }) => WireUnreadTransfer.parse(row).id)
    // In the order in which they were added, whatever that of the service is.
    const transfers = listed.rows.map(toTransfer).sort((one, other) => one.id - other.id)
    known.newestTransferId = Math.max(known.newestTransferId ?? 0, transfers.at(-1)?.id ?? 0)
    return { transfers, unread, tick }
  }
  /** Links whose addition had no answer, although the service has added them. */
  const addedBefore = async (links: readonly string[], folderId: ItemId): Promise<Map<string, V2Transfer>> => {
    const found = new Map<string, V2Transfer>()
    const lost = links.map((link) => ({ link, key: linkKey(link, folderId) }))
    if (lost.every(({ key }) => known.lostAnswers.since(key) === null)) return found
    const { transfers } = await listTransfers(null)
    for (const { link, key } of lost) {
      const since = known.lostAnswers.since(key)
      if (since === null) continue
      const transfer = transfers.find((one) => one.id > since && one.links.includes(link))
      if (transfer !== undefined) found.set(link, transfer)
      known.lostAnswers.forget(key)
    }
    return found
  }
  const completed = async (): Promise<CompletedTransfer[]> => {
    try {
      const query = { per_page: eventsAtOnce }
      const { events } = await ask({ verb: 'GET', path: '/v2/events/list', query }, WireEvents)
      return readRows(events, WireEvent).read.flatMap((event) => {
        if (event?.type !== 'transfer_completed' || event.created_at === null) return []
        const { source, transfer_name: name, created_at: atMs, file_id: itemId, transfer_size: sizeBytes } = event
        return { link: source ?? '', name: name ?? '', atMs, itemId, sizeBytes }
      })
    } catch (error) {
      // Events only complete the history.
      if (error instanceof AppError) return []
      throw error
    }
  }
  /** Deletes, and goes on while the service has more to do. Source: API v2 §6, §21, U7. */
  const deleteFiles = async (itemId: ItemId, query: Record<string, string>) => {
    let form: Record<string, string | number> = { file_ids: itemId }
    for (let round = 0; round < deleteRounds; round += 1) {
      const path = '/v2/files/delete'
      const { cursor, skipped } = await ask({ verb: 'POST', path, query, form, isSerial: true }, WireDeleted)
      if ((skipped ?? 0) > 0) throw new AppError('refused', 'The service did not delete all of it.')
      if (cursor === null || cursor === form.cursor) return
      form = { cursor }
    }
  }
  const rename = async (itemId: ItemId, name: string) => {
    const call = {
      verb: 'POST',
      path: '/v2/files/rename',
      form: { file_id: itemId, name },
      isRepeatable: true,
    } as const
    await ask(call, anything)
  }
  const copyFile = async (itemId: ItemId, folderId: ItemId, name: string | null): Promise<Item> => {
    const form = { file_id: itemId, parent_id: folderId, ...(name !== null && { name }) }
    const call = { verb: 'POST', path: '/v2/files/copy', form } as const
    return toItem((await ask(call, WireOneFile)).file)
  }
  const copyUnderFreeName = async (itemId: ItemId, folderId: ItemId, nameOf: (number: number) => string) => {
    for (let number = 1; ; number += 1) {
      try {
        return await copyFile(itemId, folderId, nameOf(number))
      } catch (error) {
        if (!isNameTaken(error) || number === copyNames) throw error
      }
    }
  }
  const copyItem = async (itemId: ItemId, folderId: ItemId): Promise<Item> => {
    try {
      return await copyFile(itemId, folderId, null)
    } catch (error) {
      if (!isNameTaken(error)) throw error
    }
    const { name, kind } = await item(itemId)
    const copy = await copyUnderFreeName(itemId, folderId, (number) =>
      kind === 'folder' ? `${name} (${number})` : numberedName(name, number),
    )
    try {
      // Put.io also says that a name is taken when it is not. Source: API v2 §6.
      await rename(copy.id, name)
      return { ...copy, name }
    } catch (error) {
      if (!isNameTaken(error)) throw error
      return copy
    }
  }
  /** What is newer than this was not in the folder before; null if it was never listed. */
  const newestIfListed = (folderId: ItemId) => (known.listedFolders.has(folderId) ? known.newestItemId : null)
  /** An item of a folder that is newer than what was known. */
  const newerItem = async (folderId: ItemId, since: number, is: (one: Item) => boolean): Promise<Item | undefined> =>
    (await listWire({ parent_id: folderId })).map(toItem).find((one) => one.id > since && is(one))
  const extractionsIn = async (call: Call): Promise<Extraction[]> => {
    const { extractions } = await ask(call, WireExtractions)
    const { read, unread } = readRows(extractions, WireExtraction)
    await note('files/extract', unread, null)
    return read.flatMap((row) => (row === null ? [] : toExtraction(row, known)))
  }
  const downloadToken = async () => {
    const token = known.downloadToken ?? (await account()).download_token
    if (token === null) throw new AppError('refused', 'The service gives no token to read files with.')
    return token
  }
  const listTrash = async () => {
    const listed = await rows({
      first: { verb: 'GET', path: '/v2/trash/list', query: { per_page: pageSize } },
      next: '/v2/trash/list/continue',
      page: WirePage,
      row: WireTrashed,
      rowsOf: ({ files }) => files,
      list: 'trash/list',
      noun: 'item',
    })
    return listed.rows.map(toTrashed)
  }
  const deleteFromTrash = async (itemIds: readonly ItemId[]) => {
    const form = { file_ids: itemIds.join(',') }
    await ask({ verb: 'POST', path: '/v2/trash/delete', form, isSerial: true }, anything)
  }
  const checkAddress = async (
    { name, address }: { name: string; address: string },
    purpose: StreamPurpose,
    isTrusted: (origin: string) => boolean,
  ) => {
    const { api: baseUrl } = await endpoint.bases()
    checkHost(address, { name, purpose, isTrusted, baseUrl, secrets: endpoint.secrets })
  }

  return {
    ...feedCalls({
      ...{ ask, rows, note },
      isOwn: () => known.isOwn,
      onOutOfScope: () => {
        known.areFeedsRefused = true
      },
    }),
    ...settingsCalls({
      ask,
      onOutOfScope: () => {
        known.areSettingsRefused = true
      },
    }),
    ...sharingCalls({
      ...{ ask, note },
      isOwn: () => known.isOwn,
      onOutOfScope: () => {
        known.isSharingRefused = true
      },
    }),
    ...playingCalls({ ask, note, bases: endpoint.bases, refused: known.refusedToPlayers, downloadToken }),
    during: (signal) => clientOn({ ...endpoint, signal }, shared),

    async account() {
      const info = await account()
      const userName = info.username ?? 'you'
      return { userId: `${info.user_id ?? userName}`, capabilities: known.capabilities, quota: toQuota(info, userName) }
    },
    async friends() {
      const call = {
        first: { verb: 'GET', path: '/v2/files/list/items-shared-with-you', query: { per_page: pageSize } } as const,
        next: '/v2/files/list/continue',
        page: WirePage,
        row: WireSharedFile,
        rowsOf: ({ files }: z.infer<typeof WirePage>) => files,
        list: 'files/list/items-shared-with-you',
        noun: null,
      }
      const { rows: shared } = await unlessOutOfScope(rows(call), { rows: [], unread: [] })
      return shared
        .filter((wire) => toItem(wire).kind === 'folder')
        .map(({ id, name, folder_type: type, sender_name: sender }) => ({
          ...{ id, folderId: id },
          name: type === 'REGULAR' ? name : (sender ?? name),
        }))
    },

    async deviceCode() {
      const call = { verb: 'POST', path: '/v2/putdesk/approval', isInternal: true } as const
      const { code, expires_in: seconds } = await ask(call, WireProof)
      const { web } = await endpoint.bases()
      return { code, page: `${web}/link`, endsAtMs: Date.now() + seconds * 1000 }
    },
    async devices() {
      const { apps } = await ask({ verb: 'GET', path: '/v2/oauth/grants/' }, WireApps)
      const { read, unread } = readRows(apps, WireApp)
      await note('oauth/grants', unread, null)
      return read.flatMap((app) => {
        if (app === null) return []
        const { added_at: added, used_at: used } = app.putdesk ?? { added_at: null, used_at: null }
        return { id: app.id, name: app.name, addedAtMs: toMs(added), usedAtMs: toMs(used) }
      })
    },
    async signOutDevice(deviceId) {
      try {
        await ask({ verb: 'POST', path: `/v2/oauth/grants/${deviceId}/delete` }, anything)
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'not-found') throw error
      }
    },

    listItems: async (folderId, onMore) => {
      const items = (await listWire({ parent_id: folderId }, onMore)).map(toItem)
      known.listedFolders.add(folderId)
      return items
    },
    listWithAddresses: async (folderId) =>
      (await listWire({ parent_id: folderId })).map((wire) => ({
        item: toItem(wire),
        address: wire.putdesk?.address ?? null,
      })),
    listFolders: async (folderId) =>
      (await listWire({ parent_id: folderId, file_type: 'FOLDER' }))
        .map(toItem)
        .filter(({ kind }) => kind === 'folder')
        .map(({ id, name }) => ({ id, name })),
    item,
    createFolder: (parentId, name) =>
      known.lostAnswers.once(`folder ${parentId} ${name}`, newestIfListed(parentId), {
        find: (since) => newerItem(parentId, since, (one) => one.kind === 'folder' && one.name === name),
        make: async () => {
          const form = { name, parent_id: parentId }
          return toItem((await ask({ verb: 'POST', path: '/v2/files/create-folder', form }, WireOneFile)).file)
        },
      }),
    renameItem: async (itemId, name) => {
      await rename(itemId, name)
      return item(itemId)
    },
    moveItem: async (itemId, folderId) => {
      const form = { file_ids: itemId, parent_id: folderId }
      const { errors } = await ask({ verb: 'POST', path: '/v2/files/move', form }, WireMoved)
      const [failed] = readRows(errors, WireMoveError).read
      if (failed !== undefined) {
        const sentence = sentenceOf(failed?.error_type ?? null, null)
        throw new AppError('refused', sentence ?? 'The service did not move it.')
      }
      return item(itemId)
    },
    copyItem: (itemId, folderId) =>
      known.lostAnswers.once(`copy ${itemId} ${folderId}`, newestIfListed(folderId), {
        find: async (since) => {
          const { name, sizeBytes } = await item(itemId)
          const isCopy = (one: Item) => one.id !== itemId && one.sizeBytes === sizeBytes && isNameOfCopy(one.name, name)
          return await newerItem(folderId, since, isCopy)
        },
        make: () => copyItem(itemId, folderId),
      }),
    extract: async (itemId, password) => {
      const form = { user_file_ids: itemId, ...(password !== null && { password }) }
      const [extraction] = await extractionsIn({ verb: 'POST', path: '/v2/files/extract', form })
      if (extraction === undefined) throw new AppError('refused', 'The service did not say that it unpacks this.')
      return extraction
    },
    extractions: () => extractionsIn({ verb: 'GET', path: '/v2/files/extract' }),
    dismissExtraction: async (id) => {
      try {
        await ask({ verb: 'DELETE', path: `/v2/files/extract/${id}` }, anything)
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'not-found') throw error
      }
    },
    deleteItem: (itemId) => deleteFiles(itemId, { skip_trash: 'true' }),
    trashItem: (itemId) => deleteFiles(itemId, {}),
    listTrash,
    restoreItem: async (itemId) => {
      const call = { verb: 'POST', path: '/v2/trash/restore', form: { file_ids: itemId }, isSerial: true } as const
      try {
        await ask(call, anything)
      } catch (error) {
        // What is not in the trash may be where it was.
        if (!(error instanceof AppError) || error.code !== 'not-found') throw error
        return await item(itemId).catch(() => Promise.reject(error))
      }
      // It is restored a little later. Source: API v2 §11.
      return soon(endpoint, () => item(itemId))
    },
    deleteTrashed: async (itemIds) => {
      for (let done = 0; done < itemIds.length; done += pageSize) {
        const some = itemIds.slice(done, done + pageSize)
        try {
          await deleteFromTrash(some)
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== 'not-found') throw error
          // Some are no longer there, which must not keep the others.
          const there = new Set((await listTrash()).map(({ id }) => id))
          const left = some.filter((id) => there.has(id))
          if (left.length > 0) await deleteFromTrash(left)
        }
      }
    },
    searchItems: async (query, onMore) =>
      (
        await rows(
          {
            first: { verb: 'GET', path: '/v2/files/search', query: { query, per_page: pageSize } },
            next: '/v2/files/search/continue',
            page: WirePage,
            row: WireFile,
            rowsOf: ({ files }) => files,
            list: 'files/search',
            noun: 'item',
          },
          toldBy(onMore),
        )
      ).rows.map(toItem),
    async folderMap() {
      if (!known.isOwn) throw new AppError('refused', 'This service does not list all folders at once.')
      const folders = (await listWire({ parent_id: -1, file_type: 'FOLDER' })).map(toItem)
      const below = folders.filter(({ id, kind }) => kind === 'folder' && id !== rootFolderId)
      return [
        { id: rootFolderId, name: 'Your Files', parentId: null },
        ...below.map(({ id, name, parentId }) => ({ id, name, parentId })),
      ]
    },

    upload: (upload) => sendByTus(gated, upload, known.isOwn ? 'own' : 'foreign'),
    discardUpload: (place) => discardByTus(gated, place),

    followTransfers: (remembered) => {
      const feed = new V2TransferFeed({ remembered, item, completed, list: listTransfers })
      known.feed = feed
      return feed
    },
    // Source: API v2 §17.
    polling: { busyMs: 5000, idleMs: 15_000 },
    listen: ({ onAnnouncement, onLive }) => {
      const { token } = endpoint
      if (token === null) return () => undefined
      const socket = new Socket({
        url: async () => (await endpoint.bases()).socket,
        token,
        onLive,
        onTransfer: (news) => known.feed?.note(news),
        onAnnouncement: (announcement) => {
          // An answer that is under way may be older than what was announced.
          requests.forgetReading()
          onAnnouncement(announcement)
        },
        // The next request tells whether the sign-in has ended.
        onRefused: () => onAnnouncement({ what: 'account' }),
      })
      return () => socket.stop()
    },
    addTransfers: async (links, folderId) => {
      const added: (V2Transfer | null)[] = []
      const refused: { link: string; sentence: string }[] = []
      let isFolderMissing = false
      let failure: AppError | null = null
      for (const link of links.filter(isTorrentData)) {
        const bytes = Buffer.from(link.slice(link.indexOf(',') + 1), 'base64')
        const torrent = { endpoint: gated, name: 'added.torrent', bytes, folderId, isTorrent: true }
        try {
          const { transfer } = await sendFile(torrent, WireUploaded)
          added.push(transfer === null ? null : toTransfer(transfer))
        } catch (error) {
          if (!(error instanceof AppError)) throw error
          // The others are added all the same, and must not be added twice.
          failure ??= error
          refused.push({ link, sentence: error.message })
        }
      }
      const wanted = links.filter((link) => !isTorrentData(link))
      const there = await addedBefore(wanted, folderId)
      added.push(...there.values())
      const plain = wanted.filter((link) => !there.has(link))
      for (let done = 0; done < plain.length; done += linksAtOnce) {
        const some = plain.slice(done, done + linksAtOnce)
        // The list may show them before the answer is known to be lost.
        const { newestTransferId } = known
        const urls = JSON.stringify(some.map((url) => ({ url, save_parent_id: folderId })))
        let answer: z.infer<typeof WireAdded>
        try {
          answer = await ask({ verb: 'POST', path: '/v2/transfers/add-multi', form: { urls } }, WireAdded)
        } catch (error) {
          for (const link of some) known.lostAnswers.note(linkKey(link, folderId), error, newestTransferId)
          if (!(error instanceof AppError) || added.length === 0) throw error
          // What was added before must not be added again with the rest.
          refused.push(...plain.slice(done).map((link) => ({ link, sentence: error.message })))
          break
        }
        const { read, unread } = readRows(answer.transfers, WireTransfer)
        await note('transfers/add-multi', unread, null)
        added.push(
          ...inOrderOf(
            some,
            read.map((row) => (row === null ? null : toTransfer(row))),
          ),
        )
        for (const error of readRows(answer.errors, WireAddError).read) {
          const message = error?.error_message ?? null
          const sentence = known.isOwn && message !== null ? message : sentenceOf(error?.error_type ?? null, message)
          refused.push({ link: error?.url ?? '', sentence: sentence ?? 'The service did not take this link.' })
          isFolderMissing ||= error?.status_code === 404
        }
      }
      const [first] = refused
      if (failure !== null && added.length === 0) throw failure
      if (first !== undefined && added.length === 0)
        throw new AppError(isFolderMissing ? 'not-found' : 'refused', first.sentence)
      return { added, refused }
    },
    cancelTransfer: async (transferId) => {
      const form = { transfer_ids: transferId }
      await ask({ verb: 'POST', path: '/v2/transfers/cancel', form, isRepeatable: true }, anything)
    },
    retryTransfer: async (transferId, { password, isUnpacked }) => {
      const own = { ...(password !== null && { password }), ...(!isUnpacked && { unpack: 'false' }) }
      if (!known.isOwn && Object.keys(own).length > 0)
        throw new AppError('refused', 'This service cannot be told how to unpack an archive.')
      const form = { id: transferId, ...own }
      await ask({ verb: 'POST', path: '/v2/transfers/retry', form, isRepeatable: true }, WireOneTransfer)
    },
    reannounce: async (transferId) => {
      await ask({ verb: 'POST', path: '/v2/transfers/reannounce', form: { id: transferId } }, anything)
    },

    async transferFiles(transferId, isTrusted) {
      const call = { verb: 'GET', path: `/v2/transfers/${transferId}/files`, isInternal: true } as const
      const { files } = await ask(call, WireTransferFiles)
      const found = readRows(files, WireTransferFile).read.filter((one) => one !== null)
      return await Promise.all(
        found.map(async ({ index, name, type, size, item_id: itemId, stream_url: url }) => {
          const clean = endpoint.secrets.cleanMessage(name)
          const shown = typeof clean === 'string' ? clean : ''
          await checkAddress({ name: shown, address: url }, 'play', isTrusted)
          const kind = toKind({ file_type: type, content_type: null })
          return { index, name: shown, kind, sizeBytes: size ?? 0, itemId, url }
        }),
      )
    },

    analyzeLinks: (links) => analyze(links, { ask, note, account, isOwn: () => known.isOwn }),

    async stream(itemId, purpose, isTrusted) {
      const wire = await file(itemId)
      const address = await addressFor(wire, purpose)
      const streamed = toItem(wire)
      const { name } = streamed
      if (streamed.kind === 'folder')
        throw new AppError('refused', `“${name}” is a folder: open it and ${purpose} what is inside.`)
      if (address === null)
        throw new AppError('refused', `“${name}” cannot be ${did[purpose]}: the server gives no address for it.`)
      await checkAddress({ name, address }, purpose, isTrusted)
      return { item: streamed, url: address }
    },
    contentOf: async (itemId) => {
      const content = (await file(itemId)).putdesk?.content ?? null
      return content !== null && /^[0-9a-f]{32}$/.test(content) ? content : null
    },
    checkAddress,
    async streamAt({ name, address }, purpose, isTrusted) {
      await checkAddress({ name, address }, purpose, isTrusted)
      return withToken(address, await downloadToken())
    },
  }

  /**
   * Where a file can be read. A film is played with the download token, which cannot do anything else; its address does not expire while a
   * player has it open. Source: API v2 §2.5, §7.
   */
  async function addressFor({ id, putdesk }: WireFile, purpose: StreamPurpose): Promise<string | null> {
    const token = known.downloadToken ?? (await account()).download_token
    // Putdesk's own service tells where the content is.
    if (known.isOwn && token !== null && putdesk?.address != null) return withToken(putdesk.address, token)
    if (purpose === 'play' && token !== null) {
      const { api } = await endpoint.bases()
      return `${api}/v2/files/${id}/stream?oauth_token=${encodeURIComponent(token)}`
    }
    const { url } = await ask({ verb: 'GET', path: `/v2/files/${id}/url`, isInternal: true }, WireUrl)
    return url
  }
}

/** The address of a content with the token that opens it. Source: API v1 §12, whose addresses the service shares. */
function withToken(address: string, token: string): string {
  return `${trimEnd(address, '/')}/atk/${encodeURIComponent(token)}`
}

/** What Put.io and Putdesk's own service can do. */
function capabilitiesOf(
  info: z.infer<typeof WireAccount>['info'],
  { isOwn, areFeedsRefused, areSettingsRefused, isSharingRefused, refusedToPlayers }: Known,
): Capabilities {
  return {
    ...noCapabilities,
    canRetryInPlace: true,
    canReannounce: true,
    canTakeTorrentFiles: true,
    arrivesWhileSeeding: true,
    hasTrash: info.settings?.trash_enabled ?? true,
    hasPush: true,
    canCopy: true,
    canExtract: true,
    canApprove: info.putdesk?.is_app === true,
    canUpload: true,
    hasFeeds: !areFeedsRefused,
    canPreviewFeeds: isOwn && !areFeedsRefused,
    hasAccountSettings: !areSettingsRefused,
    // Our own service tells whether there is anyone to share with.
    canShare: !isSharingRefused && (!isOwn || (info.putdesk?.other_users ?? 0) > 0),
    canLinkPublicly: isOwn,
    // The person can switch positions off at the service.
    keepsPositions: !refusedToPlayers.positions && info.settings?.use_start_from !== false,
    hasSubtitles: !refusedToPlayers.subtitles,
  }
}

function toQuota(info: z.infer<typeof WireAccount>['info'], userName: string): Quota {
  const { disk, putdesk, trash_size: trashBytes, simultaneous_download_limit: limit } = info
  const isLimit = limit !== null && Number.isInteger(limit) && limit > 0
  return {
    userName,
    diskTotalBytes: disk?.size ?? null,
    diskFreeBytes: disk?.avail ?? null,
    bandwidthTotalBytes: putdesk?.bandwidth_total ?? null,
    bandwidthLeftBytes: putdesk?.bandwidth_left ?? null,
    activeLimit: putdesk?.active_limit ?? (isLimit ? limit : null),
    largestFileBytes: putdesk?.largest_file ?? null,
    // Whether it takes disk space at Put.io is not known. Source: API v2 §21, U16.
    trash:
      trashBytes === null
        ? null
        : { items: putdesk?.trash_items ?? null, sizeBytes: Math.max(trashBytes, 0), isCounted: putdesk !== null },
  }
}

function toExtraction({ id, status, message, putdesk }: WireExtraction, { isOwn }: Pick<Known, 'isOwn'>): Extraction {
  return {
    id,
    status: extractionStatuses[status ?? ''] ?? 'running',
    message: isOwn ? message : sentenceOf(null, message),
    percent: putdesk?.percent ?? null,
    folderId: putdesk?.folder_id ?? null,
  }
}

function toMs(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000
}

/** What `LostAnswers` knows the addition of a link by. */
function linkKey(link: string, folderId: ItemId): string {
  return `link ${folderId} ${link}`
}

/** True for the name of an item, and for those that its copies get: with a number. */
function isNameOfCopy(copy: string, name: string): boolean {
  if (copy === name) return true
  const number = Number(/ \((\d+)\)(?:\.[^.]*)?$/.exec(copy)?.[1] ?? 0)
  return number > 0 && (copy === numberedName(name, number) || copy === `${name} (${number})`)
}

function isNameTaken(error: unknown): boolean {
  return error instanceof AppError && error.cause instanceof NameTaken
}

/** A torrent file in place of a link. */
function isTorrentData(link: string): boolean {
  return /^data:/i.test(link)
}

/** Transfers in the order of the links that they were made from; those of no known link come last. */
function inOrderOf(links: readonly string[], transfers: readonly (V2Transfer | null)[]): (V2Transfer | null)[] {
  const left = [...transfers]
  const found = links.flatMap((link) => {
    const at = left.findIndex((transfer) => transfer?.links.includes(link) === true)
    return at === -1 ? [] : left.splice(at, 1)
  })
  return [...found, ...left]
}

/** Converts what has come so far of a list. */
function toldBy(onMore: OnMore | undefined) {
  return (rows: readonly WireFile[], total: number | null) => onMore?.(rows.map(toItem), total)
}

/** Asks again for a while if something is not there yet. */
async function soon<T>({ clock, signal }: Endpoint, ask: () => Promise<T>): Promise<T> {
  for (let round = 1; ; round += 1) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'not-found' || round > 8) throw error
    }
    await clock.wait(250 * round, signal)
  }
}
