import type { Core } from '../../core/core.ts'
import { callerOf, tokenOf } from './access.ts'
import type { Call, Route } from './method.ts'
import { openRoute, route } from './method.ts'

/** Source: API v2 §2.3, §5.3. */
export const account: Route[] = [
  openRoute('GET', '/v2/oauth2/validate', ({ cores, request, params }) => {
    const token = tokenOf(request, params)
    const caller = token === null ? null : callerOf(cores, token)
    if (caller === null) return { result: false, token_id: null, token_scope: null, user_id: null }
    return {
      result: true,
      token_id: caller.tokenId,
      token_scope: caller.scope,
      user_id: caller.core.account.userId,
    }
  }),
  route('POST', '/v2/oauth/grants/logout', ({ cores, core, tokenId }) => {
    cores.tokens.revoke(core.account.userId, tokenId)
    return {}
  }),
  route('GET', '/v2/account/info', (call) => ({ info: infoWire(call) })),
  route('GET', '/v2/account/settings', (call) => ({ settings: settingsWire(call) })),
]

/** Fields that have no meaning here have the value of an ordinary account. */
function infoWire(call: Call) {
  const { core, params, isExtended } = call
  const { account, bandwidth, space, activeLimit, largestFileBytes } = core
  const trash = space.trash.totals()
  const balance = bandwidth.balance()
  return {
    user_id: account.userId,
    username: account.userName,
    mail: `${account.userName}@localhost`,
    avatar_url: `${call.base}/images/file_types/unknown.png`,
    account_status: 'active',
    account_active: true,
    ...accountWire(core),
    monthly_bandwidth_usage: Math.max(0, bandwidth.totalBytes - balance.availableBytes),
    files_will_be_deleted_at: null,
    password_last_changed_at: null,
    private_download_host_ip: null,
    is_sub_account: false,
    can_create_sub_account: false,
    is_eligible_for_friend_invitation: false,
    family_owner: null,
    is_admin: false,
    warnings: {},
    simultaneous_download_limit: activeLimit,
    settings: settingsWire(call),
    ...(params.flag('download_token') && { download_token: call.readToken }),
    ...(params.flag('features') && { features: {} }),
    ...(isExtended && {
      putdesk: {
        active_limit: activeLimit,
        largest_file: largestFileBytes,
        trash_items: trash.items,
        bandwidth_total: bandwidth.totalBytes,
        bandwidth_left: balance.availableBytes,
        is_app: call.tokenId === 0,
        other_users: core.friends.others().length,
      },
    }),
  }
}

/** The fields of an account that change by themselves. */
export function accountWire({ quota, space }: Core) {
  const available = quota.availableBytes()
  return {
    disk: { avail: available, size: quota.totalBytes, used: Math.max(0, quota.totalBytes - available) },
    trash_size: space.trash.totals().sizeBytes,
  }
}

export function settingsWire({ core }: Pick<Call, 'core'>) {
  const { defaultFolderId, isTrashEnabled, isHistoryEnabled } = core.settings.get()
  return {
    default_download_folder: defaultFolderId,
    trash_enabled: isTrashEnabled,
    sort_by: 'NAME_ASC',
    transfer_sort_by: null,
    start_from: true,
    use_start_from: true,
    history_enabled: isHistoryEnabled,
    next_episode: true,
    hide_subtitles: false,
    dont_autoselect_subtitles: false,
    subtitle_languages: [],
    show_optimistic_usage: false,
    tunnel_route_name: null,
    use_private_download_ip: false,
    is_invisible: true,
    two_factor_enabled: false,
    login_mails_enabled: false,
    beta_user: false,
    dark_theme: false,
    fluid_layout: false,
    theater_mode: false,
    theme: 'auto',
    locale: null,
    callback_url: null,
    pushover_token: null,
    video_player: 'html5',
  }
}
