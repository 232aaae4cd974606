/**
 * What an item is. Put.io's own types (API v1 §5.2) in the window's words; an item's column holds the index in this list. It
 * stands apart from the schemas, so that the window loads it without them.
 */
export const itemKinds = [
  'folder',
  'file',
  'audio',
  'movie',
  'image',
  'archive',
  'pdf',
  'document',
  'text',
  'flash',
] as const

/** The names of columns, in order. An empty folder has none. */
export function namesOf(columns: { ids: Float64Array; names: string }): string[] {
  return columns.ids.length === 0 ? [] : columns.names.split('\0')
}
