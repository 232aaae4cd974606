import type { ChildProcess } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ViteDevServer } from 'vite'
import * as z from 'zod'
import { connectToPage, type PageSession } from './devtools.ts'
import { root, say } from './paths.ts'

const origin = 'app://putdesk'

const Paused = z.object({ requestId: z.string(), request: z.object({ url: z.string() }) })
const Called = z.object({ name: z.string(), payload: z.string() })
const FromPage = z.union([z.object({ open: z.string() }), z.object({ data: z.string() })])

/** Puts Vite's page in the place of the bundled one: DevTools can answer what a page of our scheme loads, but not the page itself. */
export async function writePage(vite: ViteDevServer): Promise<void> {
  const page = await readFile(join(root, 'renderer', 'index.html'), 'utf8')
  await mkdir(join(root, 'dist', 'renderer'), { recursive: true })
  await writeFile(join(root, 'dist', 'renderer', 'index.html'), await vite.transformIndexHtml('/index.html', page))
}

/**
 * Has the window of a running app load everything from Vite. All of it goes through the window's DevTools: its requests are answered
 * from here, and the socket of Vite's client is a relay. So the app that is worked on is the one that ships, with its network closed;
 * only DevTools lifts the content security policy, for Vite's inline scripts and styles.
 */
export async function showFromVite(child: ChildProcess, vite: ViteDevServer): Promise<void> {
  const address = vite.httpServer?.address()
  if (typeof address !== 'object' || address === null) throw new Error('the Vite server does not listen')
  const host = `127.0.0.1:${address.port}`
  const session = await connectToPage(child)
  session.on('Fetch.requestPaused', (event) => {
    const { requestId, request } = Paused.parse(event)
    fulfil(session, requestId, request.url.replace(origin, `http://${host}`)).catch((error: unknown) => {
      // A page that is being left needs no answer.
      if (child.exitCode === null) say(`“${request.url}”: ${String(error)}`)
    })
  })
  relaySocket(session, host)
  await session.send('Page.enable')
  await session.send('Page.setBypassCSP', { enabled: true })
  await session.send('Runtime.enable')
  await session.send('Runtime.addBinding', { name: 'putdeskSocket' })
  await session.send('Page.addScriptToEvaluateOnNewDocument', { source: `(${replaceWebSocket})()` })
  await session.send('Fetch.enable', { patterns: [{ urlPattern: `${origin}/*` }] })
  await session.send('Page.reload')
}

async function fulfil(session: PageSession, requestId: string, url: string): Promise<void> {
  const answer = await fetch(url, { headers: { accept: '*/*' } })
  const body = Buffer.from(await answer.arrayBuffer())
  await session.send('Fetch.fulfillRequest', {
    requestId,
    responseCode: answer.status,
    responseHeaders: [{ name: 'content-type', value: answer.headers.get('content-type') ?? 'text/plain' }],
    body: body.toString('base64'),
  })
}

/** Opens the socket that the page asks for, as the page itself reaches no network, and hands on what is said on it. */
function relaySocket(session: PageSession, host: string): void {
  let socket: WebSocket | null = null
  const tell = (event: string, data: string) => {
    const expression = `window.putdeskSocketEvent?.(${JSON.stringify(event)}, ${JSON.stringify(data)})`
    // A page that is being left need not hear it.
    session.send('Runtime.evaluate', { expression }).catch(() => undefined)
  }
  session.on('Runtime.bindingCalled', (event) => {
    const { name, payload } = Called.parse(event)
    if (name !== 'putdeskSocket') return
    const message = FromPage.parse(JSON.parse(payload))
    if ('data' in message) return socket?.send(message.data)
    socket?.close()
    const opened = new WebSocket(`ws://${host}/${message.open}`, 'vite-hmr')
    socket = opened
    opened.onopen = () => tell('open', '')
    opened.onmessage = ({ data }) => tell('message', String(data))
    opened.onclose = () => {
      if (socket === opened) tell('close', '')
    }
  })
}

/** Runs in the page, before any of its own scripts. It sees nothing of this file. */
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
