import type { ChildProcess } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'

/** Inspects the first page of a program that was started with `--remote-debugging-port=0`. */
export interface PageProbe {
  /** The value of an expression in the page; null while there is no page. */
  evaluate(expression: string): Promise<unknown>
  /** A screenshot of the page, as PNG; null while there is no page. */
  screenshot(): Promise<Buffer | null>
}

/** An open connection to a page. */
export interface PageSession {
  send(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>>
  on(event: string, listener: (params: Record<string, unknown>) => void): void
}

/** Waits until the program prints its DevTools port. Its standard error must be a pipe. Rejects when it exits instead. */
export async function probePage(child: ChildProcess): Promise<PageProbe> {
  const port = await devToolsPort(child)
  const send = async (method: string, params: Record<string, unknown>): Promise<Record<string, unknown> | null> => {
    const url = await pageUrl(port)
    return url === null ? null : sendOnce(url, method, params)
  }
  return {
    evaluate: async (expression) => {
      const response = await send('Runtime.evaluate', { expression, returnByValue: true })
      const result: unknown = response?.result
      return typeof result === 'object' && result !== null && 'value' in result ? result.value : null
    },
    screenshot: async () => {
      const response = await send('Page.captureScreenshot', { format: 'png' })
      return typeof response?.data === 'string' ? Buffer.from(response.data, 'base64') : null
    },
  }
}

/** Connects to the program's first page as soon as it exists. */
export async function connectToPage(child: ChildProcess): Promise<PageSession> {
  const port = await devToolsPort(child)
  let url = await pageUrl(port)
  while (url === null) {
    await wait(20)
    url = await pageUrl(port)
  }
  return openSession(url)
}

function devToolsPort(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const found = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`the program exited:\n${output}`)))
  })
}

async function pageUrl(port: string): Promise<string | null> {
  const response = await fetch(`http://127.0.0.1:${port}/json/list`)
  const targets: { type: string; webSocketDebuggerUrl: string }[] = JSON.parse(await response.text())
  return targets.find(({ type }) => type === 'page')?.webSocketDebuggerUrl ?? null
}

/** Sends one command over a connection of its own. */
async function sendOnce(
  url: string,
  method: string,
  params: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const session = await openSession(url)
  try {
    return await session.send(method, params)
  } finally {
    session.close()
  }
}

interface Message {
  id?: number
  method?: string
  params?: Record<string, unknown>
  result?: Record<string, unknown>
}

async function openSession(url: string): Promise<PageSession & { close(): void }> {
  const socket = new WebSocket(url)
  const pending = new Map<number, PromiseWithResolvers<Record<string, unknown>>>()
  const listeners = new Map<string, (params: Record<string, unknown>) => void>()
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error('the page does not answer'))
  })
  socket.onmessage = ({ data }) => {
    const { id, method, params, result }: Message = JSON.parse(String(data))
    if (id !== undefined) pending.get(id)?.resolve(result ?? {})
    else if (method !== undefined) listeners.get(method)?.(params ?? {})
  }
  socket.onclose = () => {
    for (const { reject } of pending.values()) reject(new Error('the page is gone'))
  }
  let lastId = 0
  return {
    send: (method, params = {}) => {
      const id = ++lastId
      const response = Promise.withResolvers<Record<string, unknown>>()
      pending.set(id, response)
      socket.send(JSON.stringify({ id, method, params }))
      return response.promise.finally(() => pending.delete(id))
    },
    on: (event, listener) => void listeners.set(event, listener),
    close: () => socket.close(),
  }
}
