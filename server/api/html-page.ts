import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'

interface Page {
  title: string
  /** HTML. */
  content: string
  /** More rules of the style sheet. */
  style?: string
  /** True if a form of the page is sent to this service. */
  hasForm?: boolean
}

/** Responds with a page that needs no script and cannot be shown inside others. Its address is not told to any other site. */
export function sendPage(response: ServerResponse, status: number, { title, content, style, hasForm }: Page): void {
  const nonce = randomBytes(16).toString('base64')
  const page = Buffer.from(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${toHtml(title)}</title>
<style nonce="${nonce}">
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 26rem; margin: 3rem auto; padding: 0 1rem }
${style ?? ''}
</style>
<h1>${toHtml(title)}</h1>
${content}
`)
  const formAction = hasForm === true ? "'self'" : "'none'"
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': page.length,
    'Content-Security-Policy': `default-src 'none'; style-src 'nonce-${nonce}'; form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`,
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': hasForm === true ? 'same-origin' : 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(page)
}

export function toHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}
