/** What the value of a field has to be. */
type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isFlag: Check = (value) => typeof value === 'boolean'
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const isId: Check = (value) => Number.isSafeInteger(value) && Number(value) >= -2
/** To the second, and without a zone: an old client loses a whole list otherwise. */
const isTime: Check = (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(value)
const oneOf =
  (words: string): Check =>
  (value) =>
    words.split(' ').includes(`${value}`)
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const isHex =
  (digits: number): Check =>
  (value) =>
    typeof value === 'string' && new RegExp(`^[0-9a-f]{${digits}}$`).test(value)
const isUrl: Check = (value) => typeof value === 'string' && URL.canParse(value)

interface Shape {
  always: Record<string, Check>
  optional: Record<string, Check>
}

/** The columns of API v2 §5.1. */
export const fileShape: Shape = {
  always: {
    id: isId,
    name: (value) => isText(value) && value !== '' && !`${value}`.includes('/'),
    parent_id: orNull(isId),
    file_type: oneOf('FOLDER FILE AUDIO VIDEO IMAGE ARCHIVE PDF TEXT SWF'),
    folder_type: oneOf('REGULAR SHARED_ROOT SHARED_FRIEND'),
    content_type: isText,
    extension: orNull((value) => isText(value) && !`${value}`.startsWith('.')),
    size: isCount,
    created_at: isTime,
    updated_at: isTime,
    first_accessed_at: orNull(isTime),
    crc32: orNull(isHex(8)),
    opensubtitles_hash: orNull(isText),
    icon: orNull(isUrl),
    screenshot: orNull(isUrl),
    is_hidden: isFlag,
    is_shared: isFlag,
    is_mp4_available: isFlag,
  },
  optional: {
    sha1: orNull(isHex(40)),
    start_from: isCount,
    sort_by: (value) => /^(?:NAME|SIZE|DATE|MODIFIED|TYPE|WATCH)_(?:ASC|DESC)$/.test(`${value}`),
    sender_name: isText,
    stream_url: orNull(isUrl),
    mp4_size: orNull(isCount),
    need_convert: isFlag,
    video_metadata: orNull((value) => typeof value === 'object'),
    media_metadata: orNull((value) => typeof value === 'object'),
    content_type_and_codecs: orNull(isText),
    media_info: orNull((value) => typeof value === 'object'),
  },
}

/** The columns of API v2 §11. */
export const trashShape: Shape = {
  always: {
    id: isId,
    name: isText,
    size: isCount,
    file_type: oneOf('FOLDER FILE AUDIO VIDEO IMAGE ARCHIVE PDF TEXT SWF'),
    folder_type: oneOf('REGULAR'),
    content_type: orNull(isText),
    extension: orNull(isText),
    icon: orNull(isUrl),
    screenshot: orNull(isUrl),
    parent_id: orNull(isId),
    created_at: isTime,
    first_accessed_at: orNull(isTime),
    deleted_at: isTime,
    expiration_date: isTime,
  },
  optional: {},
}

/** The columns of API v2 §5.2. Nothing has a fraction but the ratio. */
export const transferShape: Shape = {
  always: {
    id: isId,
    name: isText,
    type: oneOf('URL TORRENT PLAYLIST LIVE_STREAM N/A'),
    status: oneOf(
      'WAITING IN_QUEUE WAITING_FOR_DOWNLOADER PREPARING_DOWNLOAD DOWNLOADING WAITING_FOR_COMPLETE_QUEUE COMPLETING PREPARING_SEED SEEDING STOPPING COMPLETED ERROR',
    ),
    source: isText,
    save_parent_id: isId,
    file_id: orNull(isId),
    userfile_exists: isFlag,
    size: orNull(isCount),
    downloaded: orNull(isCount),
    uploaded: orNull(isCount),
    percent_done: orNull(isCount),
    completion_percent: orNull(isCount),
    down_speed: orNull(isCount),
    up_speed: orNull(isCount),
    estimated_time: orNull(isCount),
    availability: orNull(isCount),
    current_ratio: orNull((value) => typeof value === 'number'),
    seconds_seeding: orNull(isCount),
    peers_connected: orNull(isCount),
    peers_getting_from_us: orNull(isCount),
    peers_sending_to_us: orNull(isCount),
    created_at: isTime,
    started_at: orNull(isTime),
    finished_at: orNull(isTime),
    error_message: orNull(isText),
    tracker: orNull(isText),
    tracker_message: orNull(isText),
    is_private: isFlag,
    created_torrent: isFlag,
    simulated: isFlag,
    hash: orNull(isHex(40)),
    torrent_link: orNull(isText),
    download_id: orNull(isId),
    subscription_id: orNull(isId),
    callback_url: orNull(isText),
    client_ip: orNull(isText),
  },
  optional: {},
}

const isList: Check = (value) => Array.isArray(value)
const isObject: Check = (value) => typeof value === 'object' && value !== null

/** The columns of API v2 §5.3. */
export const accountShape: Shape = {
  always: {
    user_id: isId,
    username: isText,
    mail: isText,
    avatar_url: isUrl,
    account_status: oneOf('active'),
    disk: (value) => problemsOf(value, diskShape).length === 0,
    trash_size: isCount,
    monthly_bandwidth_usage: isCount,
    files_will_be_deleted_at: orNull(isTime),
    password_last_changed_at: orNull(isTime),
    private_download_host_ip: orNull(isText),
    is_sub_account: isFlag,
    can_create_sub_account: isFlag,
    is_eligible_for_friend_invitation: isFlag,
    warnings: isObject,
    settings: isObject,
  },
  optional: {
    account_active: isFlag,
    family_owner: orNull(isText),
    is_admin: isFlag,
    simultaneous_download_limit: isCount,
    download_token: isHex(40),
    features: isObject,
  },
}
const diskShape: Shape = { always: { avail: isCount, size: isCount, used: isCount }, optional: {} }

export const settingsShape: Shape = {
  always: {
    default_download_folder: isId,
    trash_enabled: isFlag,
    sort_by: isText,
    transfer_sort_by: orNull(isText),
    start_from: isFlag,
    use_start_from: isFlag,
    history_enabled: isFlag,
    next_episode: isFlag,
    hide_subtitles: isFlag,
    dont_autoselect_subtitles: isFlag,
    subtitle_languages: isList,
    show_optimistic_usage: isFlag,
    tunnel_route_name: orNull(isText),
    use_private_download_ip: isFlag,
    is_invisible: isFlag,
    two_factor_enabled: isFlag,
    login_mails_enabled: isFlag,
    beta_user: isFlag,
    dark_theme: isFlag,
    fluid_layout: isFlag,
    theater_mode: isFlag,
    theme: oneOf('dark light auto'),
    locale: orNull(isText),
    callback_url: orNull(isText),
    pushover_token: orNull(isText),
    video_player: orNull(oneOf('html5 flash')),
  },
  optional: {},
}

const isPart =
  (shape: Shape): Check =>
  (value) =>
    problemsOf(value, shape).length === 0
const isName: Check = (value) => isText(value) && value !== ''

/** The columns of API v2 §13. */
export const publicShareShape: Shape = {
  always: {
    id: isId,
    token: isHex(40),
    push_token: isText,
    created_at: isTime,
    expiration_date: isTime,
    owner: isPart({ always: { name: isName }, optional: {} }),
    user_file: isPart({ always: { id: isId, name: isName, file_type: isName }, optional: {} }),
  },
  optional: {},
}
export const sharedFileShape: Shape = {
  always: { ...fileShape.always, shared_with: (value) => value === 'everyone' || isCount(value) },
  optional: fileShape.optional,
}
export const sharedWithShape: Shape = {
  always: { share_id: isId, user_name: isName, user_avatar_url: isUrl },
  optional: {},
}
export const friendShape: Shape = {
  always: { id: isId, name: isName, avatar_url: isUrl, has_received_files: isFlag, has_shared_files: isFlag },
  optional: {},
}

/** What is wrong with an object: a line for each field that is missing, unknown or of another kind. */
export function problemsOf(value: unknown, { always, optional }: Shape): string[] {
  const fields: Record<string, unknown> = Object(value)
  const checks = { ...always, ...optional }
  const missing = Object.keys(always).filter((name) => !(name in fields))
  const wrong = Object.entries(fields).filter(([name, field]) => checks[name]?.(field) !== true)
  return [
    ...missing.map((name) => `${name} is missing`),
    ...wrong.map(([name, field]) => `${name} is ${JSON.stringify(field)}`),
  ]
}

/** All objects in an answer that are files or items in the trash, at any depth. */
export function filesIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap(filesIn)
  return 'file_type' in value ? [{ ...value }, ...inner] : inner
}
