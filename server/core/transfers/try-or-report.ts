/**
 * Does something that nobody waits for. An error, such as a full disk, is only reported: a later occasion repeats the
 * work.
 */
export function tryOrReport(work: () => void, report: (error: unknown) => void): void {
  try {
    work()
  } catch (error) {
    report(error)
  }
}
