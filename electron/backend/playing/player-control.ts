/** What a player reports about itself. */
export interface PlayerEvents {
  /** It has opened a link. Resolves to the links of the subtitles that it shall add, best first, and to where it shall start. */
  onFile(link: string): Promise<{ subtitles: readonly string[]; startSeconds: number | null }>
  /** Where it is in the file of a link. */
  onPosition(link: string, positionSeconds: number, durationSeconds: number): void
}

/** A connection to a running player, which ends with it. */
export interface PlayerControl {
  close(): void
}
