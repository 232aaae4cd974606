/** How much of a text is shown. */
export const maxTextBytes = 1024 * 1024

/** The beginning of a text, in lines. */
export interface Text {
  /** A line that is longer than fits is split; the rest of it has no number. */
  lines: string[]
  /** The number of each line; 0 for the rest of a long one. */
  numbers: number[]
  encoding: string
}
