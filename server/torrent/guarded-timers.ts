const maxDelayMs = 2 ** 31 - 1

/**
 * Limits the delays of all timers in this thread: Node turns a larger delay into 1 ms, so a tracker that announces an interval of
 * years would get a thousand requests a second. Source: Node, "Timers".
 */
export function boundTimers(): void {
  const { setInterval, setTimeout } = globalThis
  const bounded = (plain: (...args: unknown[]) => unknown) =>
    Object.assign(
      (work: unknown, delayMs: unknown, ...rest: unknown[]) =>
        plain(work, typeof delayMs === 'number' ? Math.min(delayMs, maxDelayMs) : delayMs, ...rest),
      plain,
    )
  Reflect.set(
    globalThis,
    'setInterval',
    bounded((...args) => Reflect.apply(setInterval, globalThis, args)),
  )
  Reflect.set(
    globalThis,
    'setTimeout',
    bounded((...args) => Reflect.apply(setTimeout, globalThis, args)),
  )
}
