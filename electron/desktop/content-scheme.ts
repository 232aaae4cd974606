import { Readable } from 'node:stream'
import type { Session } from 'electron'
import type { Content, ContentRequest } from '../backend/contents/contents.ts'
import { pageOrigin } from './page-path.ts'

/** The privileges of the scheme of items' contents, an origin of its own. Must be registered before the app is ready. */
export const contentScheme = {
  scheme: 'content',
  privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, corsEnabled: true },
}

/** What is said of every content: it never runs, and only our page may read it. */
const fixedHeaders = {
  'content-security-policy': "sandbox; default-src 'none'",
  'x-content-type-options': 'nosniff',
  'access-control-allow-origin': pageOrigin,
  'access-control-expose-headers': 'content-range, content-length',
  'cache-control': 'no-store',
}

type ReadContent = (request: ContentRequest) => Promise<Content>

/**
 * Serves the contents of items to the window. A page knows only the schemes that existed when it was loaded, so this is called before
 * that; the returned function sets who reads them, once the backend is there.
 */
export function serveContents(session: Session): (read: ReadContent) => void {
  let readWith: ReadContent = () => Promise.reject(new Error('The backend is not there yet.'))
  session.protocol.handle('content', async ({ url, method, headers }) => {
    try {
      const content = await readWith({ id: new URL(url).hostname, method, range: headers.get('range') })
      const body = content.body === null ? null : (Readable.toWeb(content.body) as ReadableStream)
      return new Response(body, { status: content.status, headers: { ...content.headers, ...fixedHeaders } })
    } catch {
      // The page never learns why.
      return new Response(null, { status: 502, headers: fixedHeaders })
    }
  })
  return (read) => {
    readWith = read
  }
}
