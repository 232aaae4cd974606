/** True on macOS, where ⌘ commands and Return renames. Tests in Node have no navigator of a Mac. */
export const isMac = typeof navigator !== 'undefined' && /mac/i.test(navigator.userAgent)

/** Keys as this system writes them: `keysOf('Ctrl', 'U')` is "Ctrl+U", or "⌘U" on macOS. */
export function keysOf(...keys: string[]): string {
  if (!isMac) return keys.join('+')
  const signs: Record<string, string> = { Ctrl: '⌘', Shift: '⇧', Alt: '⌥', Delete: '⌘⌫', F2: '↩' }
  return keys.map((key) => signs[key] ?? key).join('')
}
