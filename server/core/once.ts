/** Creates a value when it is first asked for, and again only if that failed. */
export function once<T>(make: () => Promise<T>): { get(): Promise<T>; opened(): Promise<T> | null } {
  let made: Promise<T> | null = null
  return {
    get: () => {
      made ??= make().catch((error: unknown) => {
        made = null
        throw error
      })
      return made
    },
    opened: () => made,
  }
}
