import type { Method } from './method.ts'
import { messageWire } from './wire.ts'

/** Source: API v1 §9. Quotas are strings, counts are numbers. */
export const user: Record<string, Method> = {
  info: ({ core }) => {
    const bandwidth = core.bandwidth.balance()
    const shared = core.friends.shared()
    return [
      {
        name: core.account.userName,
        friends_count: core.friends.list().length,
        bw_avail_last_month: `${bandwidth.carriedBytes}`,
        // Some clients read it as a 32-bit number. Source: API v1 §9.1.
        shared_space: Math.min(shared.sizeBytes, 2 ** 31 - 1),
        shared_items: shared.items,
        bw_quota_available: `${bandwidth.availableBytes}`,
        disk_quota: `${core.quota.totalBytes}`,
        disk_quota_available: `${core.quota.availableBytes()}`,
        bw_quota: `${core.bandwidth.totalBytes}`,
      },
    ]
  },
  friends: ({ core }) =>
    core.friends.list().map(({ id, name, folderId }) => ({ dir_id: `${folderId}`, id: `${id}`, name })),
  acctoken: ({ core }) => ({ token: core.account.token }),
}

/** Source: API v1 §6. Deleting a missing one succeeds. */
export const messages: Record<string, Method> = {
  list: ({ core }) => core.messages.list().map((message) => messageWire(message, core.account.userId)),
  delete: ({ core, params }) => {
    core.messages.remove(params.id('id'))
    return []
  },
}

/** Crash reports of an old mounter: accepted and discarded. Source: API v1 §11. */
export const mounter: Record<string, Method> = {
  log: () => [],
}
