import { existsSync, readFileSync } from 'node:fs'
import { createGate } from '../../engine/net/gate.ts'
import { type Cores, openCores, type UserOptions } from '../../server/core/core.ts'
import { createHosters } from '../../server/core/transfers/hosters.ts'

/** Opens a data folder in this process and without a socket, for tests that do so hundreds of times. */
export function openFolder(folder: string, users: readonly string[] = ['you'], share: string | null = null): Cores {
  return openCores({
    folder,
    users: users.map(
      (user): UserOptions => ({
        key: user,
        secret: user,
        user,
        password: null,
        appToken: null,
        diskQuotaBytes: 1_000_000_000,
        bandwidthQuotaBytes: null,
        activeLimit: 5,
        largestFileBytes: null,
        share,
      }),
    ),
    gate: createGate({ allowHosts: [] }),
    hosters: createHosters({ accounts: [], extraHosts: [] }),
    load: { busy: 'never', loadPerCore: 1, diskQueue: 8 },
    openTorrents: () => Promise.reject(new Error('no torrents here')),
    firstCopyAfterMs: 0,
    trashDays: () => 14,
    report: () => undefined,
  })
}

/** Every file by its path, with its stored bytes. */
export function treeOf({ users }: Cores, index = 0): [string, string][] {
  const core = users[index]
  if (core === undefined) throw new Error('there is no such user')
  const { space, content } = core
  const all = { offset: 0, limit: -1, kinds: null, order: { by: 'name', isDescending: false } } as const
  const below = (id: number, path: string): [string, string][] =>
    space.list(id, all).flatMap((item): [string, string][] => {
      if (item.content === null) return below(item.id, `${path}/${item.name}`)
      const place = content.path(item.content)
      return [[`${path}/${item.name}`, existsSync(place) ? readFileSync(place).toString('hex') : 'missing']]
    })
  return below(0, '')
}
