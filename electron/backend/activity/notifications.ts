import type { AccountId } from '../../../shared/account.ts'
import type { EventData, EventName } from '../../../shared/contract.ts'
import type { Save, SaveId } from '../../../shared/save.ts'
import type { Send, SendId } from '../../../shared/send.ts'
import type { Settings } from '../../../shared/settings.ts'
import type { Transfer, TransferId } from '../../../shared/transfer.ts'
import type { Host } from '../host/host.ts'

export type Place = EventData<'place.wanted'>

export interface NotificationsOptions {
  host: Pick<Host, 'notify' | 'isFocused' | 'showWindow'>
  settings(): Settings
  /** Shows a place in the window. */
  show(place: Place): void
  nowMs(): number
}

/** Something that the person may want to know when they do not look at the window. */
interface News {
  kind: 'done' | 'failed' | 'disk-full'
  name: string
  /** For the sentence: “film.mkv” is ready, or saved. */
  sentence: string
  place: Place
}

/** This many within `manyWithinMs` become one. */
const many = 3
const manyWithinMs = 10_000
const diskFull = /\bdisk is full\b/i
const nowhere: Place = { accountId: null, folderId: null, itemId: null, transferId: null, saveId: null, sendId: null }

/** The system's notifications, from the events that the windows get. None while the window has the focus: it shows the news itself. */
export class Notifications {
  readonly #options: NotificationsOptions
  readonly #transfers = new Map<AccountId, Map<TransferId, Transfer>>()
  readonly #saves = new Map<SaveId, Save>()
  readonly #sends = new Map<SendId, Send>()
  /** The news of the last ten seconds, and how to remove their notifications. */
  #recent: { news: News; atMs: number; remove(): void }[] = []

  constructor(options: NotificationsOptions) {
    this.#options = options
  }

  see<E extends EventName>(name: E, data: EventData<E>): void
  see(name: EventName, data: never): void {
    if (name === 'transfers.changed') this.#seeTransfers(data)
    else if (name === 'saves.changed') this.#seeSaves(data)
    else if (name === 'sends.changed') this.#seeSends(data)
  }

  #seeTransfers({ accountId, isReset, upserted, removed, arrived }: EventData<'transfers.changed'>): void {
    const list = this.#transfers.get(accountId) ?? new Map<TransferId, Transfer>()
    this.#transfers.set(accountId, list)
    for (const transfer of upserted) {
      const before = list.get(transfer.id)
      list.set(transfer.id, transfer)
      // What was so before this run is no news.
      if (before === undefined || isReset) continue
      const place = { ...nowhere, accountId, transferId: transfer.id }
      const { name, status, reason } = transfer
      const isFull = (one: Transfer) => diskFull.test(one.reason ?? '')
      if (isFull(transfer) && !isFull(before)) this.#tell({ kind: 'disk-full', name, sentence: reason ?? '', place })
      else if (status === 'error' && before.status !== 'error')
        this.#tell({ kind: 'failed', name, sentence: `“${name}” failed. ${reason ?? ''}`.trim(), place })
    }
    for (const id of removed) list.delete(id)
    for (const { name, folderId, itemId, transferId } of arrived)
      this.#tell({
        kind: 'done',
        name,
        sentence: `“${name}” is ready.`,
        place: { ...nowhere, accountId, transferId, folderId, itemId },
      })
  }

  #seeSaves({ isReset, upserted, removed }: EventData<'saves.changed'>): void {
    for (const save of upserted) {
      const before = this.#saves.get(save.id)
      this.#saves.set(save.id, save)
      if (before === undefined || isReset) continue
      const place = { ...nowhere, accountId: save.accountId, saveId: save.id }
      const { name, status, reason } = save
      const isFull = (one: Save) => diskFull.test(one.reason ?? '')
      if (isFull(save) && !isFull(before)) this.#tell({ kind: 'disk-full', name, sentence: reason ?? '', place })
      else if (status === 'saved' && before.status !== 'saved')
        this.#tell({ kind: 'done', name, sentence: `“${name}” is saved on this computer.`, place })
      else if (status === 'error' && before.status !== 'error')
        this.#tell({ kind: 'failed', name, sentence: `“${name}” was not saved. ${reason ?? ''}`.trim(), place })
    }
    for (const id of removed) this.#saves.delete(id)
  }

  #seeSends({ isReset, upserted, removed }: EventData<'sends.changed'>): void {
    for (const send of upserted) {
      const before = this.#sends.get(send.id)
      this.#sends.set(send.id, send)
      if (before === undefined || isReset) continue
      const { name, status, reason, accountId, folderId, itemId } = send
      const place = { ...nowhere, accountId, sendId: send.id }
      if (status === 'sent' && before.status !== 'sent')
        this.#tell({ kind: 'done', name, sentence: `“${name}” is sent up.`, place: { ...place, folderId, itemId } })
      else if (status === 'error' && before.status !== 'error')
        this.#tell({ kind: 'failed', name, sentence: `“${name}” was not sent up. ${reason ?? ''}`.trim(), place })
    }
    for (const id of removed) this.#sends.delete(id)
  }

  #tell(news: News): void {
    const { host, settings, nowMs } = this.#options
    const { notifiesDone, notifiesFailed, notifiesDiskFull } = settings()
    const isWanted = { done: notifiesDone, failed: notifiesFailed, 'disk-full': notifiesDiskFull }[news.kind]
    if (!isWanted || host.isFocused()) return
    const now = nowMs()
    this.#recent = this.#recent.filter(({ atMs }) => now - atMs < manyWithinMs)
    const all = [...this.#recent.map((one) => one.news), news]
    if (all.length < many) {
      this.#recent.push({ news, atMs: now, remove: this.#notify(titles[news.kind], news.sentence, news.place) })
      return
    }
    for (const { remove } of this.#recent) remove()
    const remove = this.#notify(summaryOf(all), namesOf(all), news.place)
    // Only the last one has a notification, which speaks for all.
    this.#recent = [...this.#recent.map((one) => ({ ...one, remove: () => undefined })), { news, atMs: now, remove }]
  }

  #notify(title: string, body: string, place: Place): () => void {
    const { host, show } = this.#options
    return host.notify({
      title,
      body,
      onClick: () => {
        host.showWindow()
        show(place)
      },
    })
  }
}

const titles: Record<News['kind'], string> = { done: 'Done', failed: 'Failed', 'disk-full': 'The disk is full' }

function summaryOf(all: readonly News[]): string {
  const count = (kind: News['kind']) => all.filter((one) => one.kind === kind).length
  return [
    count('done') > 0 ? `${count('done')} done` : null,
    count('failed') > 0 ? `${count('failed')} failed` : null,
    count('disk-full') > 0 ? 'the disk is full' : null,
  ]
    .filter((part) => part !== null)
    .join(', ')
}

function namesOf(all: readonly News[]): string {
  return all
    .slice(-4)
    .map(({ name }) => `“${name}”`)
    .join(', ')
}
