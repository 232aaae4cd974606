import type { ChildProcess } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ViteDevServer } from 'vite'
import * as z from 'zod'
import { connectToPage, type PageSession } from './devtools.ts'
import { root, say } from './paths.ts'

const origin = 'app://putdesk'

const PausedRequest = z.object({ requestId: z.string(), request: z.object({ url: z.string() }) })
const BindingCall = z.object({ name: z.string(), payload: z.string() })
const SocketMessage = z.union([z.object({ open: z.string() }), z.object({ data: z.string() })])

/** Writes Vite's index.html in place of the bundled one: DevTools can intercept what a page of our scheme loads, but not the page itself. */
export async function writePage(vite: ViteDevServer): Promise<void> {
  const page = await readFile(join(root, 'renderer', 'index.html'), 'utf8')
  await mkdir(join(root, 'dist', 'renderer'), { recursive: true })
  await writeFile(join(root, 'dist', 'renderer', 'index.html'), await vite.transformIndexHtml('/index.html', page))
}

/**
 * Makes the window of a running app load everything from Vite, through its DevTools: requests are intercepted and answered from
 * here, and the WebSocket of Vite's client is proxied. So the app runs as it ships, without network access; only the content
 * security policy is bypassed, for Vite's inline scripts and styles.
 */
export async function showFromVite(child: ChildProcess, vite: ViteDevServer): Promise<void> {
  const address = vite.httpServer?.address()
  if (typeof address !== 'object' || address === null) throw new Error('the Vite server is not listening')
  const host = `127.0.0.1:${address.port}`
  const session = await connectToPage(child)
  session.on('Fetch.requestPaused', (event) => {
    const { requestId, request } = PausedRequest.parse(event)
    fulfil(session, requestId, request.url.replace(origin, `http://${host}`)).catch((error: unknown) => {
      // The app may exit or the page reload before the response is there.
      if (child.exitCode === null) say(`“${request.url}”: ${String(error)}`)
    })
  })
  proxySocket(session, host)
  await session.send('Page.enable')
  await session.send('Page.setBypassCSP', { enabled: true })
  await session.send('Runtime.enable')
  await session.send('Runtime.addBinding', { name: 'putdeskSocket' })
  await session.send('Page.addScriptToEvaluateOnNewDocument', { source: `(${replaceWebSocket})()` })
  await session.send('Fetch.enable', { patterns: [{ urlPattern: `${origin}/*` }] })
  await session.send('Page.reload')
}

async function fulfil(session: PageSession, requestId: string, url: string): Promise<void> {
  const response = await fetch(url, { headers: { accept: '*/*' } })
  const body = Buffer.from(await response.arrayBuffer())
  await session.send('Fetch.fulfillRequest', {
    requestId,
    responseCode: response.status,
    responseHeaders: [{ name: 'content-type', value: response.headers.get('content-type') ?? 'text/plain' }],
    body: body.toString('base64'),
  })
}

/** Proxies the page's WebSocket to Vite, because the page has no network access. */
function proxySocket(session: PageSession, host: string): void {
  let socket: WebSocket | null = null
  const emit = (event: string, data: string) => {
    const expression = `window.putdeskSocketEvent?.(${JSON.stringify(event)}, ${JSON.stringify(data)})`
    // Fails while the page reloads, and a reloaded page opens a new socket.
    session.send('Runtime.evaluate', { expression }).catch(() => undefined)
  }
  session.on('Runtime.bindingCalled', (event) => {
    const { name, payload } = BindingCall.parse(event)
    if (name !== 'putdeskSocket') return
    const message = SocketMessage.parse(JSON.parse(payload))
    if ('data' in message) return socket?.send(message.data)
    socket?.close()
    const opened = new WebSocket(`ws://${host}/${message.open}`, 'vite-hmr')
    socket = opened
    opened.onopen = () => emit('open', '')
    opened.onmessage = ({ data }) => emit('message', String(data))
    opened.onclose = () => {
      if (socket === opened) emit('close', '')
    }
  })
}

/** The source of a function that runs in the page before any of its own scripts. It cannot use anything from this file. */
const replaceWebSocket = `() => {
  window.WebSocket = class extends EventTarget {
    constructor(url) {
      super()
      this.readyState = 0
      window.putdeskSocketEvent = (type, data) => {
        this.readyState = type === 'close' ? 3 : 1
        this.dispatchEvent(type === 'message' ? new MessageEvent(type, { data }) : new Event(type))
      }
      window.putdeskSocket(JSON.stringify({ open: new URL(url).search }))
    }
    send(data) {
      window.putdeskSocket(JSON.stringify({ data }))
    }
    close() {}
  }
  window.WebSocket.OPEN = 1
}`
