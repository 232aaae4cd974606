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
