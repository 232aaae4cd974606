/** The parts of a media URL. Source: API v1 §12; `stream-transfer` is our own. */
export interface MediaRoute {
  kind: 'stream-file' | 'download-file' | 'stream-basket' | 'stream-transfer'
  userId: string
  /** Of the zip of several items, `z` and its id. Of a `stream-transfer`, the transfer’s id and the file’s index, with a dash between them. */
  itemId: string
  token: string | null
}

/** Parses a media path, with one or more slashes before `atk`, or the token as `?token=`. Null for any other path. */
export function mediaRoute(target: string): MediaRoute | null {
  const [path = '', query = ''] = target.replace(/^https?:\/\/[^/?#]*/i, '').split('?', 2)
  const [kind, userId, itemId, atk, token, ...rest] = path.split('/').filter((segment) => segment !== '')
  if (kind === undefined || !isKind(kind)) return null
  if (userId === undefined || itemId === undefined || rest.length > 0) return null
  if (atk !== undefined && (atk !== 'atk' || token === undefined)) return null
  return { kind, userId, itemId, token: token ?? new URLSearchParams(query).get('token') }
}

const kinds: ReadonlySet<string> = new Set(['stream-file', 'download-file', 'stream-basket', 'stream-transfer'])

function isKind(kind: string): kind is MediaRoute['kind'] {
  return kinds.has(kind)
}
