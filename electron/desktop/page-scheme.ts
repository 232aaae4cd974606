import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { protocol, type Session } from 'electron'
import { contentScheme } from './content-scheme.ts'
import { contentSecurityPolicy } from './content-security-policy.ts'
import { resolveInside } from './page-path.ts'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  // The fonts and character maps of PDFs.
  '.ttf': 'font/ttf',
  '.pfb': 'application/octet-stream',
  '.bcmap': 'application/octet-stream',
}

/** Registers the schemes of the page and of items' contents. Must run before the app is ready. */
export function registerSchemes(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
    contentScheme,
  ])
}

/** Serves the bundled page from `folder`, and nothing outside it. */
export function servePage(session: Session, folder: string): void {
  session.protocol.handle('app', (request) => serve(folder, request))
}

async function serve(folder: string, request: Request): Promise<Response> {
  const path = resolveInside(folder, request.url)
  if (path === null || request.method !== 'GET') return notFound()
  const type = types[extname(path)]
  if (type === undefined) return notFound()
  try {
    return new Response(await readFile(path), {
      headers: {
        'content-type': type,
        'content-security-policy': contentSecurityPolicy,
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
      },
    })
  } catch {
    // The page never learns why a file cannot be read.
    return notFound()
  }
}

function notFound(): Response {
  return new Response('Not found', {
    status: 404,
    headers: { 'content-type': 'text/plain', 'content-security-policy': "default-src 'none'" },
  })
}
