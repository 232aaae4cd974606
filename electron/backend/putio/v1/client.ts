import * as z from 'zod'
import { trimEnd } from '../../../../engine/text/trim-end.ts'
import type { Quota } from '../../../../shared/account.ts'
import { noCapabilities } from '../../../../shared/capabilities.ts'
import { AppError } from '../../../../shared/errors.ts'
import type { ItemId } from '../../../../shared/item.ts'
import type { PutioClient, StreamPurpose } from '../client.ts'
import type { FeedClient } from '../feed-client.ts'
import { readRows, WireRows } from '../lenient.ts'
import { type AskedHost, checkHost, did } from '../stream-host.ts'
import { toAnalysis } from './analysis.ts'
import { createCalls, first, firstOf } from './calls.ts'
import { toFolders, toItem } from './items.ts'
import { type Endpoint, request } from './request.ts'
import { V1TransferFeed } from './transfer-feed.ts'
import { toMessage, toTransfer } from './transfers.ts'
import {
  WireAnalysis,
  WireFolder,
  WireFriend,
  WireItem,
  WireMessage,
  WireTransfer,
  WireUnreadTransfer,
  WireUser,
} from './wire.ts'

/** More than any folder holds; v1's own default is 20. Source: API v1 §5.3. */
const allItems = 10_000_000
/** How long a token is used for the addresses of a listing. */
const tokenForMs = 10_000
const anything = z.unknown()
const WireToken = z.object({ token: z.string().min(1) })

/** The methods of capabilities that API v1 has no way to ask for. */
const notInV1 = {
  trashItem: refuse,
  listTrash: refuse,
  restoreItem: refuse,
  deleteTrashed: refuse,
  retryTransfer: refuse,
  reannounce: refuse,
  transferFiles: refuse,
  contentOf: refuse,
  upload: refuse,
  discardUpload: refuse,
  copyItem: refuse,
  extract: refuse,
  extractions: refuse,
  dismissExtraction: refuse,
  deviceCode: refuse,
  devices: refuse,
  signOutDevice: refuse,
  settings: refuse,
  position: refuse,
  setPosition: refuse,
  subtitles: refuse,
  changeSettings: refuse,
  access: refuse,
  share: refuse,
  makePublicLink: refuse,
  removePublicLink: refuse,
} satisfies Partial<PutioClient>

async function refuse(): Promise<never> {
  throw new AppError('refused', 'This server cannot do that: API v1 has no way to ask for it.')
}

/** Creates a client for API v1. */
export function createV1Client(endpoint: Endpoint): PutioClient {
  return clientOn(endpoint, { feed: null, token: null })
}

/** What a client knows about its server. Shared with the clients that `during` returns. */
interface Known {
  feed: V1TransferFeed | null
  /** The last token, for addresses of a listing. */
  token: { value: string; askedAtMs: number } | null
}

function clientOn(endpoint: Endpoint, known: Known): PutioClient {
  const { ask, one, rows, note } = createCalls(endpoint)
  const item = async (itemId: ItemId) => toItem(await one('files', 'info', { id: itemId }, WireItem))
  const listWire = async (folderId: ItemId) => {
    const params = { parent_id: folderId, limit: allItems, orderby: 'name_asc' }
    return (await rows(['files', 'list', params], WireItem, 'item')).rows
  }
  // Internal, because an earlier token may be part of the answer, and is needed again.
  const askToken = async () => {
    const call = { resource: 'user', method: 'acctoken', isInternal: true }
    const { token } = (await request(endpoint, call, WireToken)).results
    endpoint.secrets.add(token, { isOfServer: true })
    return token
  }
  const asked = async (of: Pick<AskedHost, 'name' | 'purpose' | 'isTrusted'>): Promise<AskedHost> => ({
    ...of,
    baseUrl: await endpoint.baseUrl(),
    secrets: endpoint.secrets,
  })
  const recentToken = async () => {
    const askedAtMs = performance.now()
    if (known.token !== null && askedAtMs - known.token.askedAtMs < tokenForMs) return known.token.value
    const value = await askToken()
    known.token = { value, askedAtMs }
    return value
  }

  return {
    ...notInV1,
    ...noFeeds,
    during: (signal) => clientOn({ ...endpoint, signal }, known),

    async account() {
      const call = { resource: 'user', method: 'info' }
      const { results, userId } = await request(endpoint, call, firstOf(WireUser))
      const user = first(results)
      return { userId: userId ?? user.name, capabilities: noCapabilities, quota: toQuota(user) }
    },
    friends: async () =>
      (await rows(['user', 'friends', {}], WireFriend, 'friend')).rows.map(({ id, name, dir_id }) => ({
        id,
        name,
        folderId: dir_id,
      })),

    listItems: async (folderId) => (await listWire(folderId)).map(toItem),
    listWithAddresses: async (folderId) =>
      (await listWire(folderId)).map((wire) => ({ item: toItem(wire), address: addressOf(wire, 'save') })),
    listFolders: async (folderId) => {
      const params = { parent_id: folderId, limit: allItems, type: 0, orderby: 'name_asc' }
      const { read } = readRows(await ask('files', 'list', params, WireRows), WireItem)
      const items = read.flatMap((row) => (row === null ? [] : toItem(row)))
      return items.filter((item) => item.kind === 'folder').map(({ id, name }) => ({ id, name }))
    },
    item,
    createFolder: async (parentId, name) =>
      toItem(await one('files', 'create_dir', { name, parent_id: parentId }, WireItem)),
    renameItem: async (itemId, name) => toItem(await one('files', 'rename', { id: itemId, name }, WireItem)),
    moveItem: async (itemId, folderId) =>
      toItem(await one('files', 'move', { id: itemId, parent_id: folderId }, WireItem)),
    deleteItem: async (itemId) => {
      await ask('files', 'delete', { id: itemId }, anything)
    },
    searchItems: async (query) => (await rows(['files', 'search', { query }], WireItem, 'item')).rows.map(toItem),
    folderMap: async () => toFolders(await ask('files', 'dirmap', {}, WireFolder)),

    followTransfers: (remembered) => {
      const feed = new V1TransferFeed({
        remembered,
        list: async () => {
          const listed = await rows(['transfers', 'list', {}], WireTransfer, 'transfer')
          const unread = listed.unread.map(({ row }) => WireUnreadTransfer.parse(row))
          return { transfers: listed.rows.map(toTransfer), unread }
        },
        messages: async () => (await rows(['messages', 'list', {}], WireMessage, null)).rows.map(toMessage),
        item,
      })
      known.feed = feed
      return feed
    },
    polling: { busyMs: 700, idleMs: 4000 },
    listen: () => () => undefined,
    addTransfers: async (links, folderId) => {
      const { read } = await rows(['transfers', 'add', { links, to_folder: folderId }], WireTransfer, null)
      return { added: read.map((row) => (row === null ? null : toTransfer(row))), refused: [] }
    },
    cancelTransfer: async (transferId) => {
      const cancel = () => ask('transfers', 'cancel', { id: transferId }, anything)
      await (known.feed === null ? cancel() : known.feed.cancelling(transferId, cancel))
    },

    analyzeLinks: async (links) => {
      const [analysis, user] = await Promise.all([
        ask('urls', 'analyze', { links }, WireAnalysis),
        one('user', 'info', {}, WireUser),
      ])
      const { unread, ...report } = toAnalysis(analysis, user, links)
      await note('urls.analyze', unread, null)
      return report
    },

    async stream(itemId, purpose, isTrusted) {
      // Internal, because an earlier token may be part of the answers, and is needed again.
      const info = { resource: 'files', method: 'info', params: { id: itemId }, isInternal: true }
      const [found, token] = await Promise.all([request(endpoint, info, firstOf(WireItem)), askToken()])
      const wire = first(found.results)
      const streamUrl = addressOf(wire, purpose)
      const name = endpoint.secrets.cleanMessage(wire.name)
      const item = { ...toItem({ ...wire, stream_url: null, download_url: null }), name }
      if (item.kind === 'folder')
        throw new AppError('refused', `“${name}” is a folder: open it and ${purpose} what is inside.`)
      if (!streamUrl)
        throw new AppError('refused', `“${name}” cannot be ${did[purpose]}: the server gives no address for it.`)
      checkHost(streamUrl, await asked({ name, purpose, isTrusted }))
      return { item, url: withToken(streamUrl, token) }
    },
    async checkAddress({ name, address }, purpose, isTrusted) {
      checkHost(address, await asked({ name, purpose, isTrusted }))
    },
    async streamAt({ name, address }, purpose, isTrusted) {
      checkHost(address, await asked({ name, purpose, isTrusted }))
      return withToken(address, await recentToken())
    },
  }
}

async function refuseFeeds(): Promise<never> {
  throw new AppError('refused', 'Feeds cannot be managed here: API v1 does not tell what became of their entries.')
}

/** API v1 has subscriptions, but neither their entries nor what became of them. */
const noFeeds: FeedClient = {
  feeds: refuseFeeds,
  feed: refuseFeeds,
  createFeed: refuseFeeds,
  changeFeed: refuseFeeds,
  pauseFeed: refuseFeeds,
  resumeFeed: refuseFeeds,
  deleteFeed: refuseFeeds,
  feedItems: refuseFeeds,
  retryFeedItem: refuseFeeds,
  previewFeed: refuseFeeds,
}

/** Where a file can be read: without a token, that is no secret. */
function addressOf({ stream_url: played, download_url: downloaded }: WireItem, purpose: StreamPurpose): string | null {
  return (purpose === 'play' ? played : played || downloaded) || null
}

function toQuota(user: WireUser): Quota {
  return {
    userName: user.name,
    diskTotalBytes: user.disk_quota,
    diskFreeBytes: user.disk_quota_available,
    bandwidthTotalBytes: user.bw_quota,
    bandwidthLeftBytes: user.bw_quota_available,
    activeLimit: null,
    largestFileBytes: null,
    trash: null,
  }
}

/** A playable stream URL: trailing slashes removed, then `/atk/` and the token. Source: API v1 §12. */
export function withToken(streamUrl: string, token: string): string {
  return `${trimEnd(streamUrl, '/')}/atk/${encodeURIComponent(token)}`
}
