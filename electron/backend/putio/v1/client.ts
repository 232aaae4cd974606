import * as z from 'zod'
import { trimEnd } from '../../../../engine/text/trim-end.ts'
import type { AnalyzedLink } from '../../../../shared/analysis.ts'
import { AppError } from '../../../../shared/errors.ts'
import { type Item, type ItemKind, rootFolderId } from '../../../../shared/item.ts'
import { type TransferStatus, transferStatuses } from '../../../../shared/transfer.ts'
import type { ListedTransfer, PutioClient, Subscription, SubscriptionDraft } from '../client.ts'
import { type Endpoint, hostOf, NoSuchMethod, request } from './request.ts'
import { isOwnStreamHost, UnknownStreamHost } from './stream-host.ts'
import {
  readRows,
  type UnreadRow,
  WireAnalysis,
  WireAnalyzedLink,
  WireFolder,
  WireFriend,
  WireItem,
  WireLinkError,
  WireLinkSet,
  WireMessage,
  WireRows,
  WireSubscription,
  WireTransfer,
  WireUnreadTransfer,
  WireUser,
} from './wire.ts'

/** As long as a link may be that crosses to the window. */
const maxLinkLength = 8192
/** More than any folder holds; v1's own default is 20. Source: API v1 §5.3. */
const allItems = 10_000_000

/** A Put.io that speaks API v1. Every method of API v1 §4 has its word here. */
export function createV1Client(endpoint: Endpoint): PutioClient {
  const ask = <T>(resource: string, method: string, params: Record<string, unknown>, results: z.ZodType<T>) =>
    request(endpoint, { resource, method, params }, results)
  const one = async <T>(resource: string, method: string, params: Record<string, unknown>, schema: z.ZodType<T>) => {
    const [first] = await ask(resource, method, params, z.tuple([schema]).rest(z.unknown()).or(z.tuple([])))
    if (first === undefined) throw new AppError('not-found', 'The service no longer knows this.')
    return first
  }
  const note = async (list: string, unread: readonly UnreadRow[], noun: string | null) =>
    endpoint.unread.note(
      list,
      unread.map(({ problem }) => problem),
      { sender: hostOf(await endpoint.baseUrl()), noun },
    )
  /** A list read row by row. `noun` names a row for the person. */
  const rowsOf = async <T>(
    [resource, method, params]: [resource: string, method: string, params: Record<string, unknown>],
    schema: z.ZodType<T>,
    noun: string | null,
  ) => {
    const { read, unread } = readRows(await ask(resource, method, params, WireRows), schema)
    await note(`${resource}.${method}`, unread, noun)
    return { read, unread, rows: read.filter((row) => row !== null) }
  }
  const anything = z.unknown()
  const accessToken = async () => (await ask('user', 'acctoken', {}, z.object({ token: z.string().min(1) }))).token

  return {
    during: (signal) => createV1Client({ ...endpoint, signal }),

    async account() {
      const user = await one('user', 'info', {}, WireUser)
      return {
        userName: user.name,
        diskTotalBytes: user.disk_quota,
        diskFreeBytes: user.disk_quota_available,
        bandwidthTotalBytes: user.bw_quota,
        bandwidthLeftBytes: user.bw_quota_available,
        activeLimit: user.putdesk?.active_limit ?? null,
        largestFileBytes: user.putdesk?.largest_file ?? null,
      }
    },
    friends: async () =>
      (await rowsOf(['user', 'friends', {}], WireFriend, 'friend')).rows.map(({ id, name, dir_id }) => ({
        id,
        name,
        folderId: dir_id,
      })),
    accessToken,

    listItems: async (folderId) => {
      const params = { parent_id: folderId, limit: allItems, orderby: 'name_asc' }
      return (await rowsOf(['files', 'list', params], WireItem, 'item')).rows.map(toItem)
    },
    listFolders: async (folderId) => {
      const params = { parent_id: folderId, limit: allItems, type: 0, orderby: 'name_asc' }
      const { read } = readRows(await ask('files', 'list', params, WireRows), WireItem)
      const items = read.flatMap((row) => (row === null ? [] : toItem(row)))
      return items.filter((item) => item.kind === 'folder').map(({ id, name }) => ({ id, name }))
    },
    item: async (itemId) => toItem(await one('files', 'info', { id: itemId }, WireItem)),
    createFolder: async (parentId, name) =>
      toItem(await one('files', 'create_dir', { name, parent_id: parentId }, WireItem)),
    renameItem: async (itemId, name) => toItem(await one('files', 'rename', { id: itemId, name }, WireItem)),
    moveItem: async (itemId, folderId) =>
      toItem(await one('files', 'move', { id: itemId, parent_id: folderId }, WireItem)),
    deleteItem: async (itemId) => {
      await ask('files', 'delete', { id: itemId }, anything)
    },
    searchItems: async (query) => (await rowsOf(['files', 'search', { query }], WireItem, 'item')).rows.map(toItem),
    folderMap: async () => flatten(await ask('files', 'dirmap', {}, WireFolder)),

    listTransfers: async () => {
      const { rows, unread } = await rowsOf(['transfers', 'list', {}], WireTransfer, 'transfer')
      return { transfers: rows.map(toTransfer), unread: unread.map(({ row }) => WireUnreadTransfer.parse(row)) }
    },
    addTransfers: async (links, folderId) => {
      const { read } = await rowsOf(['transfers', 'add', { links, to_folder: folderId }], WireTransfer, null)
      return read.map((row) => (row === null ? null : toTransfer(row)))
    },
    cancelTransfer: async (transferId) => {
      await ask('transfers', 'cancel', { id: transferId }, anything)
    },
    retryTransfer: async (transferId, { password, isUnpacked }) => {
      const params = { id: transferId, ...(password === null ? {} : { password }), unpack: isUnpacked }
      try {
        await ask('transfers', 'retry', params, anything)
        return true
      } catch (error) {
        if (error instanceof AppError && error.cause instanceof NoSuchMethod) return false
        throw error
      }
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
    extractLinks: async (text) =>
      (await rowsOf(['urls', 'extracturls', { txt: text }], z.object({ url: z.string() }), null)).rows.map(
        ({ url }) => url,
      ),

    listMessages: async () =>
      (await rowsOf(['messages', 'list', {}], WireMessage, null)).rows.map((message) => ({
        id: message.id,
        title: plainText(message.title ?? ''),
        itemId: message.user_file_id,
        fileName: message.file_name ?? null,
        isFileArrived: message.channel === '2',
        transferId: message.putdesk?.transfer_id ?? null,
      })),
    deleteMessage: async (messageId) => {
      await ask('messages', 'delete', { id: messageId }, anything)
    },

    listSubscriptions: async () =>
      (await rowsOf(['subscriptions', 'list', {}], WireSubscription, 'subscription')).rows.map(toSubscription),
    subscription: async (id) => toSubscription(await one('subscriptions', 'info', { id }, WireSubscription)),
    createSubscription: async (draft) =>
      toSubscription(await one('subscriptions', 'create', fromDraft(draft), WireSubscription)),
    editSubscription: async (id, draft) =>
      toSubscription(await one('subscriptions', 'edit', { id, ...fromDraft(draft) }, WireSubscription)),
    toggleSubscription: async (id) => toSubscription(await one('subscriptions', 'pause', { id }, WireSubscription)),
    deleteSubscription: async (id) => {
      await ask('subscriptions', 'delete', { id }, anything)
    },

    async streamUrl(itemId, isTrusted) {
      const [item, token] = await Promise.all([one('files', 'info', { id: itemId }, WireItem), accessToken()])
      if (!item.stream_url) throw new AppError('refused', `“${item.name}” is not something that can be played.`)
      checkHost(item.stream_url, item.name, { server: new URL(await endpoint.baseUrl()), isTrusted })
      endpoint.secrets.add(token, { isOfServer: true })
      return withToken(item.stream_url, token)
    },
  }
}

/** Throws `untrusted-host`, or `refused` for what is no address of a stream. */
function checkHost(
  streamUrl: string,
  name: string,
  { server, isTrusted }: { server: URL; isTrusted: (origin: string) => boolean },
): void {
  const stream = URL.canParse(streamUrl) ? new URL(streamUrl) : null
  if (stream === null || !/^https?:$/.test(stream.protocol))
    throw new AppError('refused', `“${name}” cannot be played: the server gave no usable address for it.`)
  if (isOwnStreamHost(server, stream) || isTrusted(stream.origin)) return
  throw new AppError(
    'untrusted-host',
    `“${name}” would play from ${stream.host}, which is not the server of this account (${server.host}). Whoever runs it gets the access token of your account.`,
    { cause: new UnknownStreamHost(stream.origin) },
  )
}

/** A stream URL that plays: trailing slashes off, then one `/atk/` and the token. Source: API v1 §12. */
export function withToken(streamUrl: string, token: string): string {
  return `${trimEnd(streamUrl, '/')}/atk/${encodeURIComponent(token)}`
}

/** Source: API v1 §5.2. */
const kinds: Record<string, ItemKind> = {
  folder: 'folder',
  file: 'file',
  audio: 'audio',
  movie: 'movie',
  image: 'image',
  compressed: 'archive',
  pdf: 'pdf',
  ms_doc: 'document',
  text: 'text',
  swf: 'flash',
}

function toItem(wire: WireItem): Item {
  const addedAt = wire.putdesk?.added_at ?? null
  return {
    id: wire.id,
    parentId: Math.max(wire.parent_id ?? rootFolderId, rootFolderId),
    name: wire.name,
    kind: wire.is_dir === true ? 'folder' : (kinds[wire.type ?? ''] ?? 'file'),
    sizeBytes: Math.max(wire.size ?? 0, 0),
    addedAtMs: addedAt === null ? null : addedAt * 1000,
  }
}

function flatten(root: WireFolder): { id: number; name: string; parentId: number | null }[] {
  const folders = [{ id: root.id, name: root.name, parentId: null as number | null, dirs: root.dirs }]
  // It grows while it is read: a tree may be deeper than calls can be nested.
  for (const { id, dirs } of folders) {
    for (const child of readRows(dirs, WireFolder).read) if (child !== null) folders.push({ ...child, parentId: id })
  }
  return folders.map(({ id, name, parentId }) => ({ id, name, parentId }))
}

/** "In queue" → in-queue. An Error may stand inside a longer text. Source: API v1 §7.3. */
function toStatus(word: string): TransferStatus {
  const kebab = word.trim().toLowerCase().replaceAll(/\s+/g, '-')
  const known = transferStatuses.find((status) => status === kebab)
  return known ?? (/error/i.test(word) ? 'error' : 'unknown')
}

function toTransfer(wire: WireTransfer): ListedTransfer {
  const more = wire.putdesk
  return {
    id: wire.id,
    name: wire.name,
    status: toStatus(wire.status ?? ''),
    percentDone: wholePercent(wire.percent_done) ?? 0,
    sizeBytes: more?.size ?? null,
    downloadedBytes: more?.downloaded ?? null,
    uploadedBytes: more?.uploaded ?? null,
    peers: more?.peers ?? null,
    stagePercent: wholePercent(more?.stage_percent ?? null),
    speedBytesPerSecond: more?.speed ?? null,
    secondsLeft: more?.seconds_left ?? null,
    reason: more?.reason ?? null,
    failure: more?.failure ?? null,
    addedAtMs: more?.added_at == null ? null : more.added_at * 1000,
    host: more?.host ?? null,
    folderId: more?.folder_id ?? null,
    links: more?.links ?? [],
    canRetryInPlace: more?.failure !== undefined,
    isDelivered: more?.delivered ?? null,
  }
}

function wholePercent(percent: number | null): number | null {
  return percent === null ? null : Math.min(100, Math.max(0, Math.trunc(percent)))
}

/**
 * The report row by row. Where a row could not be read, the links of which nothing readable was said stand as links of unknown size,
 * so that they can be tried.
 */
function toAnalysis(wire: WireAnalysis, user: WireUser, asked: readonly string[]) {
  const unread: UnreadRow[] = []
  const rowsOf = <T>(rows: readonly unknown[], schema: z.ZodType<T>): T[] => {
    const all = readRows(rows, schema)
    unread.push(...all.unread)
    return all.read.filter((row) => row !== null)
  }
  const known = new Set(asked)
  const linkOf = ({ url }: { url: string | null }): string[] => {
    if (url !== null && (known.has(url) || (url !== '' && url.length <= maxLinkLength))) return [url]
    unread.push({ row: url, problem: 'url: not a link' })
    return []
  }
  const { items } = wire
  const single = rowsOf(items.singleurl, WireAnalyzedLink).map((link) =>
    row(link, (link.paid_bw ?? 0) > 0 ? 'rapid' : 'file', linkOf(link)),
  )
  const torrents = rowsOf(items.torrent, WireAnalyzedLink).map((link) => row(link, 'torrent', linkOf(link)))
  const sets = rowsOf(items.multiparturl, WireLinkSet).map((set) => {
    const parts = rowsOf(set.parts, WireAnalyzedLink)
    if (parts.length === 0) unread.push({ row: set, problem: 'parts: none' })
    return {
      ...row(set, 'multipart', parts.flatMap(linkOf)),
      // What a set holds is told by the part that its directory is in.
      needsPassword: parts.some(needsPassword),
      entryCount: parts.find((part) => part.putdesk?.entries != null)?.putdesk?.entries ?? null,
      unpackedBytes: parts.find((part) => part.putdesk?.unpacked != null)?.putdesk?.unpacked ?? null,
      note: parts.find((part) => part.putdesk?.note != null)?.putdesk?.note ?? null,
    }
  })
  const problems = rowsOf(items.error, WireLinkError).map((link) =>
    row({ ...noFacts, error: link.error || 'This link cannot be fetched.' }, 'problem', linkOf(link)),
  )
  const rows = [...single, ...sets, ...torrents, ...problems].filter(({ links }) => links.length > 0)
  const told = new Set(rows.flatMap(({ links }) => links))
  const untold = unread.length === 0 ? [] : asked.filter((link) => !told.has(link))
  const tried = untold.map((link) => row(noFacts, /^(?:magnet|data):/i.test(link) ? 'torrent' : 'file', [link]))
  return {
    rows: [...rows, ...tried],
    diskFreeBytes: wire.disk_avail ?? user.disk_quota_available,
    diskTotalBytes: user.disk_quota,
    bandwidthLeftBytes: wire.bw_avail,
    unread,
  }
}

const noFacts: WireAnalyzedLink = {
  url: null,
  name: null,
  size: null,
  paid_bw: null,
  source: null,
  needs_pass: null,
  error: null,
  putdesk: null,
}

function row(link: WireAnalyzedLink, kind: AnalyzedLink['kind'], links: string[]): AnalyzedLink {
  const [first = ''] = links
  return {
    kind: link.error ? 'problem' : kind,
    name: link.name || first,
    host: link.source || (URL.canParse(first) ? new URL(first).hostname : ''),
    links,
    sizeBytes: link.size,
    bandwidthBytes: link.paid_bw ?? 0,
    problem: link.error || null,
    needsPassword: needsPassword(link),
    seeds: link.putdesk?.seeds ?? null,
    entryCount: link.putdesk?.entries ?? null,
    unpackedBytes: link.putdesk?.unpacked ?? null,
    note: link.putdesk?.note ?? null,
  }
}

function needsPassword(link: WireAnalyzedLink): boolean {
  return Boolean(Number(link.needs_pass ?? 0))
}

function toSubscription(wire: z.infer<typeof WireSubscription>): Subscription {
  return {
    id: wire.id,
    name: wire.name,
    url: wire.url,
    folderId: wire.parent_folder_id,
    doFilters: wire.do_filters ?? '',
    dontFilters: wire.dont_filters ?? '',
    isPaused: wire.paused,
    lastUpdateAtMs: wire.last_update_time,
    nextUpdateAtMs: wire.next_update_time,
  }
}

/** What a message's HTML says. Source: API v1 §6. */
function plainText(html: string): string {
  const plain: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' }
  return html.replace(/<[^<>]*>/g, '').replace(/&(lt|gt|quot|#39|amp);/g, (_all, name: string) => plain[name] ?? '')
}

/** The request's name for a feed's name is `title`. Source: API v1 §10. */
function fromDraft(draft: SubscriptionDraft): Record<string, unknown> {
  return {
    title: draft.name,
    url: draft.url,
    do_filters: draft.doFilters,
    dont_filters: draft.dontFilters,
    parent_folder_id: draft.folderId,
    paused: draft.isPaused,
  }
}
