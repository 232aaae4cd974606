/** What a player reports about itself. */
export interface PlayerEvents {
  /** It has opened a link. Returns where it shall start, and the links of the subtitles that it shall add, best first. */
  onFile(link: string): { startSeconds: number | null; subtitles: Promise<readonly string[]> }
  /** Where it is in the file of a link. */
  onPosition(link: string, positionSeconds: number, durationSeconds: number): void
  /** It does not play any more for now. */
  onPause(): void
}

/** A connection to a running player, which ends with it. */
export interface PlayerControl {
  close(): void
}
