/** True on macOS, where shortcuts use ⌘ and Return renames. Never true for tests in Node. */
export const isMac = typeof navigator !== 'undefined' && /mac/i.test(navigator.userAgent)

/** Formats a shortcut for this platform: `keysOf('Ctrl', 'U')` is "Ctrl+U", or "⌘U" on macOS. */
export function keysOf(...keys: string[]): string {
  if (!isMac) return keys.join('+')
  const symbols: Record<string, string> = { Ctrl: '⌘', Shift: '⇧', Alt: '⌥', Delete: '⌘⌫', F2: '↩' }
  return keys.map((key) => symbols[key] ?? key).join('')
}
