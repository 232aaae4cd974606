/** Does something that nobody waits for: what goes wrong, such as a full disk, is told, and it is done at the next occasion. */
export function tryOrReport(work: () => void, report: (error: unknown) => void): void {
  try {
    work()
  } catch (error) {
    report(error)
  }
}
