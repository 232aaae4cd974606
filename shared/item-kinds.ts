/**
 * The kinds of items: Put.io's types (API v1 §5.2) in our words. The `kinds` column holds indexes into this list. It is separate
 * from the schemas, so that the window can load it without zod.
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

/** Splits the `names` column. An empty folder has no names. */
export function namesOf(columns: { ids: Float64Array; names: string }): string[] {
  return columns.ids.length === 0 ? [] : columns.names.split('\0')
}
