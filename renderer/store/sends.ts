import type { AccountId } from '../../shared/account.ts'
import type { CopyId } from '../../shared/copy.ts'
import { AppError } from '../../shared/errors.ts'
import type { ItemId } from '../../shared/item.ts'
import { maxSaves } from '../../shared/limits.ts'
import type { Conflict, TakenName } from '../../shared/save.ts'
import type { Send, SendId } from '../../shared/send.ts'
import { say } from '../words/say.ts'
import { offerTo } from './offers.ts'
import { sendActs } from './send-acts.ts'
import type { Slice } from './store.ts'

/** Files and folders of this computer that are to be sent into a folder of an account. */
interface ToSend {
  accountId: AccountId
  folderId: ItemId
  /** Absolute paths. */
  paths: readonly string[]
}

export interface SendsSlice {
  /** What is sent up into accounts, in the order in which it was added. */
  sends: ReadonlyMap<SendId, Send>
  /** Sends files and folders up. Asks first when names are taken. */
  sendUp(accountId: AccountId, folderId: ItemId, paths: readonly string[]): Promise<void>
  /** Continues with what the person was asked about. */
  sendTaken(given: ToSend, conflict: Conflict): Promise<void>
  /** Asks the person for files or folders, and sends them up. */
  chooseToSend(accountId: AccountId, folderId: ItemId, what: 'files' | 'folders'): Promise<void>
  pauseSends(sendIds: readonly SendId[]): Promise<void>
  resumeSends(sendIds: readonly SendId[]): Promise<void>
  removeSends(sendIds: readonly SendId[]): Promise<void>
  /** Shows what was sent in its folder of the account. */
  showSend(sendId: SendId): void
  /** Sends a copy that was changed in another program up as a new version. */
  sendCopy(copyId: CopyId): Promise<void>
  /** The send that the list scrolls to, because the person started it; null once it has. */
  wantedSend: SendId | null
  foundWantedSend(): void
}

/** What is sent up into accounts, a mirror of the backend's list. */
export const sendsSlice: Slice<SendsSlice> = (client) => (set, get) => {
  /** Also of those that have left the list: undo needs what they have become. */
  const last = new Map<SendId, Send>()
  const acts = sendActs(client, get, (id) => last.get(id) ?? null)

  client.on('sends.changed', ({ isReset, upserted, removed }) => {
    const before = get().sends
    set((state) => {
      const sends = new Map(isReset ? [] : state.sends)
      for (const id of removed) sends.delete(id)
      for (const send of upserted) sends.set(send.id, send)
      return { sends }
    })
    for (const send of upserted) last.set(send.id, send)
    if (isReset) return
    const sent = upserted.filter(({ id, status }) => {
      const was = before.get(id)?.status
      return status === 'sent' && was !== undefined && was !== 'sent'
    })
    const [first] = sent
    if (first === undefined) return
    const show = () => get().showSend(first.id)
    get().addNews({
      sentence: say('sends.sent', { count: sent.length, name: first.name }),
      actions: [{ label: say('action.show'), run: show }],
    })
  })

  /** Says before anything is chosen that an account takes no files. */
  function checkUpload(accountId: AccountId) {
    const { disabledBecause } = offerTo(get(), accountId, 'canUpload')
    if (disabledBecause !== null) throw new AppError('refused', disabledBecause)
  }

  function want(sendId: SendId | undefined) {
    if (sendId === undefined) return
    set({ wantedSend: sendId })
    get().setDockTab('sends')
  }

  /** Adds sends as one act. */
  function add({ accountId, folderId, paths }: ToSend, conflict: Conflict): Promise<void> {
    return get().act(async () => {
      const sendIds: SendId[] = []
      for (const some of inParts(paths))
        sendIds.push(...(await client.call('sends.add', { accountId, folderId, paths: some, conflict })))
      want(sendIds.at(-1))
      if (sendIds.length === 0) return null
      const act = acts.added(sendIds, get().settings?.isDockOpen !== false)
      // What was replaced would not come back.
      return conflict === 'replace' ? { ...act, undo: null, redo: null } : act
    })
  }

  return {
    sends: new Map(),
    sendUp: (accountId, folderId, paths) =>
      get().attempt(async () => {
        if (paths.length === 0) return
        checkUpload(accountId)
        const taken: TakenName[] = []
        for (const some of inParts(paths))
          taken.push(...(await client.call('sends.check', { accountId, folderId, paths: some })))
        if (taken.length > 0) get().open({ kind: 'send-conflict', accountId, folderId, paths, taken })
        // Should a name be taken after this, nothing is replaced.
        else await add({ accountId, folderId, paths }, 'keep-both')
      }),
    sendTaken: (given, conflict) => get().attempt(() => add(given, conflict)),
    chooseToSend: (accountId, folderId, what) =>
      get().attempt(async () => {
        checkUpload(accountId)
        const paths = await client.call('sends.choose', { what }, { onProgress: () => undefined })
        await get().sendUp(accountId, folderId, paths)
      }),
    pauseSends: (sendIds) => get().attempt(() => get().act(() => acts.pause(sendIds))),
    resumeSends: (sendIds) => get().attempt(() => get().act(() => acts.resume(sendIds))),
    removeSends: (sendIds) => get().attempt(() => get().act(() => acts.remove(sendIds))),
    showSend: (sendId) => {
      const send = last.get(sendId)
      if (send !== undefined) get().goTo(send.accountId, send.folderId, send.itemId ?? undefined)
    },
    sendCopy: (copyId) => get().attempt(() => get().act(() => acts.copy(copyId, want))),
    wantedSend: null,
    foundWantedSend: () => set({ wantedSend: null }),
  }
}

/** As many as one request takes. */
function inParts(paths: readonly string[]): string[][] {
  const parts: string[][] = []
  for (let at = 0; at < paths.length; at += maxSaves) parts.push(paths.slice(at, at + maxSaves))
  return parts
}
