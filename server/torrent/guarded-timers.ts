const maxDelayMs = 2 ** 31 - 1

/**
 * Limits the delays of all timers of this thread: Node turns a larger one into a millisecond, so a tracker that announces an
 * interval of years would be asked a thousand times a second. Source: Node, "Timers".
 */
export function boundTimers(): void {
  const { setInterval, setTimeout } = globalThis
  const bounded = (plain: (...given: unknown[]) => unknown) =>
    Object.assign(
      (work: unknown, delayMs: unknown, ...rest: unknown[]) =>
        plain(work, typeof delayMs === 'number' ? Math.min(delayMs, maxDelayMs) : delayMs, ...rest),
      plain,
    )
  Reflect.set(
    globalThis,
    'setInterval',
    bounded((...given) => Reflect.apply(setInterval, globalThis, given)),
  )
  Reflect.set(
    globalThis,
    'setTimeout',
    bounded((...given) => Reflect.apply(setTimeout, globalThis, given)),
  )
}
