import { listItems, openBackend } from '../support/backend.ts'

// The backend in a process of its own, which can be killed. It is told what to do by its parent, and tells what happens to saves.

export interface ChildOptions {
  dataFolder: string
  downloadsFolder: string
  /** An account to add first; null when it is there already. */
  account: { address: string; apiKey: string; apiSecret: string } | null
}

export type ToChild = 'save' | 'kill the saver' | 'clear'

export type FromChild =
  | { kind: 'ready' }
  | { kind: 'saver'; pid: number | null }
  | { kind: 'save'; id: string; status: string; savedBytes: number; reason: string | null }

const [, , told = '{}'] = process.argv
const { account, ...folders }: ChildOptions = JSON.parse(told)
const say = (message: FromChild) => process.send?.(message)

const backend = openBackend(folders)
const { client } = backend
const saveIds = new Set<string>()
client.on('saves.changed', ({ upserted }) => {
  for (const { id, status, savedBytes, reason } of upserted) {
    saveIds.add(id)
    say({ kind: 'saver', pid: backend.saverPid() })
    say({ kind: 'save', id, status, savedBytes, reason })
  }
})
let accountId = ''
client.on('accounts.changed', (accounts) => {
  accountId = accounts[0]?.id ?? ''
})
await client.call('sync', {})
if (account !== null)
  await client.call('accounts.addServer', { ...account, accountId: null, isKept: true, mayBePlain: true })

process.on('message', (message: ToChild) => {
  if (message === 'kill the saver') backend.killSaver()
  else if (message === 'clear') void client.call('saves.remove', { saveIds: [...saveIds] })
  else void save()
})
process.once('disconnect', () => process.exit(0))
say({ kind: 'ready' })

async function save(): Promise<void> {
  const { ids } = await listItems(client, accountId, 0)
  await client.call('saves.add', { accountId, itemIds: [...ids], target: 'last', conflict: null })
}
