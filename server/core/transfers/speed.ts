const windowMs = 1000
const staleMs = 5000

/** Measures how fast a length grows, smoothed over some seconds, on the monotonic clock. */
export function createSpeedometer(now: () => number = () => performance.now()) {
  let sinceMs = now()
  let sinceBytes: number | null = null
  let rate = 0
  return {
    /** Records the length reached. */
    reach: (bytes: number) => {
      const elapsedMs = now() - sinceMs
      if (sinceBytes === null || bytes < sinceBytes) {
        sinceBytes = bytes
        sinceMs = now()
      } else if (elapsedMs >= windowMs) {
        const measured = ((bytes - sinceBytes) / elapsedMs) * 1000
        rate = rate === 0 ? measured : rate * 0.6 + measured * 0.4
        sinceBytes = bytes
        sinceMs = now()
      }
    },
    bytesPerSecond: () => (now() - sinceMs > staleMs ? 0 : Math.round(rate)),
  }
}
