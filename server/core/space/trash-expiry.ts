const daySeconds = 24 * 60 * 60

/**
 * Decides what has been in the trash for long enough. The items' times come from the system's clock, which can be wrong: if it moved by
 * more than half of that time while the service runs, nothing expires before the next start.
 */
export function createTrashExpiry(clock: { wallMs(): number; monotonicMs(): number }) {
  const offsetMs = () => clock.wallMs() - clock.monotonicMs()
  const startedOffsetMs = offsetMs()
  /** Items that were deleted before this time expire; null if none do. In seconds. */
  return (days: number): number | null => {
    const movedSeconds = Math.abs(offsetMs() - startedOffsetMs) / 1000
    if (days <= 0 || movedSeconds > (days * daySeconds) / 2) return null
    return Math.floor(clock.wallMs() / 1000) - days * daySeconds
  }
}
