import type { Account, AccountId, Friend, Quota } from '../../shared/account.ts'
import type { AccountSettings, AccountSettingsChange } from '../../shared/account-settings.ts'
import type { Input, Notice, Output, ServiceState } from '../../shared/contract.ts'
import type { Device, DeviceCode } from '../../shared/device.ts'
import type { CallOptions } from '../../shared/rpc.ts'
import { say } from '../words/say.ts'
import { visibleName } from '../words/visible-name.ts'
import { shownFolder } from './selectors.ts'
import type { Slice } from './store.ts'
import { final } from './undo.ts'

export interface AccountsSlice {
  /** Null until the backend has sent them. */
  accounts: readonly Account[] | null
  quotas: ReadonlyMap<AccountId, Quota>
  service: ServiceState
  notices: readonly Notice[]
  friends: ReadonlyMap<AccountId, readonly Friend[]>
  /** Asks again what friends share with an account. */
  loadFriends(accountId: AccountId): Promise<void>
  addThisComputer(): Promise<AccountId>
  addServer(input: Input<'accounts.addServer'>): Promise<AccountId>
  signInWithCode(
    input: Input<'accounts.signInWithCode'>,
    options: CallOptions<'accounts.signInWithCode'>,
  ): Promise<AccountId>
  signInWithBrowser(
    input: Input<'accounts.signInWithBrowser'>,
    options: CallOptions<'accounts.signInWithBrowser'>,
  ): Promise<AccountId>
  signInWithToken(input: Input<'accounts.signInWithToken'>): Promise<AccountId>
  /** Opens the page on which a code is entered. */
  openSignInPage(code: string): Promise<void>
  /** A new code for one device; the code before is void. */
  newDeviceCode(accountId: AccountId): Promise<DeviceCode>
  listDevices(accountId: AccountId): Promise<readonly Device[]>
  signOutDevice(accountId: AccountId, device: Device): Promise<void>
  /** What is set for an account at its service. */
  accountSettings(accountId: AccountId, signal: AbortSignal): Promise<AccountSettings>
  /** Changes some of it. `before` is what it was. Rejects if it was not changed. */
  changeAccountSettings(accountId: AccountId, before: AccountSettings, change: AccountSettingsChange): Promise<void>
  removeAccount(accountId: AccountId): Promise<void>
  secretProtection(): Promise<Output<'accounts.secretProtection'>>
  restartService(): Promise<void>
  dismissNotice(id: string): Promise<void>
}

/** Accounts, their quotas and friends, the local service, and the backend's notices. */
export const accountsSlice: Slice<AccountsSlice> = (client) => (set, get) => {
  const initialized = new Set<AccountId>()

  async function loadFriends(accountId: AccountId) {
    initialized.add(accountId)
    try {
      const friends = await client.call('friends.list', { accountId })
      set((state) => ({ friends: new Map(state.friends).set(accountId, friends) }))
    } catch {
      // An account works without its friends. They are requested again at the next sign-in.
      initialized.delete(accountId)
    }
  }

  const failed = new Set<AccountId>()

  /** Leaves the trash or the feeds of an account that has lost them. */
  function leaveLostPlace(before: readonly Account[] | null, after: readonly Account[]) {
    const { place } = get()
    const [old, now] = [before, after].map((all) => all?.find(({ id }) => id === place?.accountId)?.capabilities)
    if (place === null || old === undefined || now === undefined) return
    const isLost = (place.isTrash && old.hasTrash && !now.hasTrash) || (place.isFeeds && old.hasFeeds && !now.hasFeeds)
    if (isLost) get().goTo(place.accountId, 0)
  }

  client.on('accounts.changed', (accounts) => {
    const before = get().accounts
    set({ accounts })
    for (const account of accounts) {
      const hasFailed = account.state === 'signed-out' || account.state === 'unreachable'
      // The remembered folder is still loading: reloading it shows the account's error.
      const isWaiting = get().place?.accountId === account.id && shownFolder(get())?.problem == null
      if (hasFailed && isWaiting && !failed.has(account.id)) get().reloadAccount(account.id)
      if (hasFailed) failed.add(account.id)
      else failed.delete(account.id)
      if (account.state !== 'signed-in') initialized.delete(account.id)
      else if (!initialized.has(account.id)) {
        void loadFriends(account.id)
        get().reloadAccount(account.id)
      }
    }
    leaveLostPlace(before, accounts)
    get().ensurePlace()
  })
  client.on('quota.changed', ({ accountId, quota }) =>
    set((state) => {
      const quotas = new Map(state.quotas)
      if (quota === null) quotas.delete(accountId)
      else quotas.set(accountId, quota)
      return { quotas }
    }),
  )
  client.on('service.changed', (service) => set({ service }))
  client.on('notices.changed', (notices) => set({ notices }))

  /** Signs in, as an act. */
  async function adding(signIn: () => Promise<AccountId>): Promise<AccountId> {
    let accountId = ''
    await get().act(async () => {
      accountId = await signIn()
      return final(say('account.added'))
    })
    return accountId
  }

  /** Signs in, and is an act only once that is done: undo does not wait for the person. */
  async function waiting(signIn: () => Promise<AccountId>): Promise<AccountId> {
    const accountId = await signIn()
    return adding(async () => accountId)
  }

  return {
    accounts: null,
    quotas: new Map(),
    service: { state: 'off', problem: null },
    notices: [],
    friends: new Map(),
    loadFriends,
    addThisComputer: () => adding(() => client.call('accounts.addThisComputer', {})),
    addServer: (input) => adding(() => client.call('accounts.addServer', input)),
    signInWithCode: (input, options) => waiting(() => client.call('accounts.signInWithCode', input, options)),
    signInWithBrowser: (input, options) => waiting(() => client.call('accounts.signInWithBrowser', input, options)),
    signInWithToken: (input) => adding(() => client.call('accounts.signInWithToken', input)),
    openSignInPage: async (code) => {
      await client.call('accounts.openSignInPage', { code })
    },
    newDeviceCode: (accountId) => client.call('devices.code', { accountId }),
    listDevices: (accountId) => client.call('devices.list', { accountId }),
    signOutDevice: (accountId, device) =>
      get().act(async () => {
        await client.call('devices.signOut', { accountId, deviceId: device.id })
        return final(say('devices.signedOut', { name: visibleName(device.name) }))
      }),
    accountSettings: (accountId, signal) => client.call('accounts.settings', { accountId }, { signal }),
    changeAccountSettings: (accountId, before, change) =>
      get().act(async () => {
        const name = get().accounts?.find(({ id }) => id === accountId)?.name ?? ''
        const changeTo = (to: AccountSettingsChange) => async () => {
          await client.call('accounts.changeSettings', { accountId, ...to })
          return null
        }
        const redo = changeTo(change)
        await redo()
        return {
          sentence: say('accountSettings.changed', { name }),
          undo: changeTo(settingsBefore(before, change)),
          redo,
        }
      }),
    removeAccount: (accountId) =>
      get().act(async () => {
        const name = get().accounts?.find(({ id }) => id === accountId)?.name ?? ''
        await client.call('accounts.remove', { accountId })
        return final(say('account.removed', { name }))
      }),
    secretProtection: () => client.call('accounts.secretProtection', {}),
    restartService: () =>
      get().attempt(async () => {
        await client.call('service.restart', {})
      }),
    dismissNotice: (id) =>
      get().attempt(async () => {
        await client.call('notices.dismiss', { id })
      }),
  }
}

/** What a change of settings changes, as it was before. */
function settingsBefore(before: AccountSettings, change: AccountSettingsChange): AccountSettingsChange {
  const { isTrashEnabled, isHistoryEnabled, defaultFolderId } = before
  return {
    ...(change.isTrashEnabled !== undefined && isTrashEnabled !== null && { isTrashEnabled }),
    ...(change.isHistoryEnabled !== undefined && isHistoryEnabled !== null && { isHistoryEnabled }),
    ...(change.defaultFolderId !== undefined && defaultFolderId !== null && { defaultFolderId }),
  }
}
