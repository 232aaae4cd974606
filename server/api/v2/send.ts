import type { ServerResponse } from 'node:http'

/** The content type has no charset, because an old client compares it as a whole. Source: API v2 §19, C2. */
export function send(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  sendJson(response, status, Buffer.from(JSON.stringify(body)))
}

/** Responds with JSON that is written already. */
export function sendJson(response: ServerResponse, status: number, bytes: Buffer): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...((status === 413 || status === 415 || status === 503) && { Connection: 'close' }),
  })
  response.end(bytes)
}
