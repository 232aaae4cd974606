/** A row as the database returns it. */
export type Row = Record<string, unknown>

/** A text column. Throws when it is missing, which is an internal error. */
export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`column ${column} holds no text`)
  return value
}

/** A number column. */
export function number(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new TypeError(`column ${column} holds no number`)
  return value
}

/** A text column that may be null. */
export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column)
}

/** A number column that may be null. */
export function numberOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : number(row, column)
}
