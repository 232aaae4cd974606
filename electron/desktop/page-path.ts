import { isAbsolute, join, relative } from 'node:path'

/** The origin of the window's page: a custom scheme has a real origin and no file access. */
export const pageOrigin = 'app://putdesk'

/** The file in `folder` that an app URL names, or null if it is not one or leads outside the folder. */
export function resolveInside(folder: string, url: string): string | null {
  if (!URL.canParse(url)) return null
  const { protocol: scheme, host, pathname } = new URL(url)
  if (scheme !== 'app:' || host !== 'putdesk') return null
  let decoded: string
  try {
    decoded = decodeURIComponent(pathname)
  } catch {
    // An invalid percent-encoding names no file.
    return null
  }
  if (/[\0\\%]/.test(decoded)) return null
  const path = join(folder, decoded === '/' ? 'index.html' : decoded)
  const inside = relative(folder, path)
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? null : path
}
