import type { ChildProcess } from 'node:child_process'

/** Asks the first page of a program that was started with `--remote-debugging-port=0`. */
export interface PageProbe {
  /** The value of an expression in the page; null while there is no page. */
  evaluate(expression: string): Promise<unknown>
  /** A picture of the page, as PNG; null while there is no page. */
  screenshot(): Promise<Buffer | null>
}

/** Waits until the program says where it listens. Its standard error must be a pipe. Rejects when it ends instead. */
export async function probePage(child: ChildProcess): Promise<PageProbe> {
  const port = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`the program ended:\n${said}`)))
  })
  const ask = async (method: string, params: Record<string, unknown>): Promise<Record<string, unknown> | null> => {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`)
    const targets: { type: string; webSocketDebuggerUrl: string }[] = JSON.parse(await answer.text())
    const page = targets.find(({ type }) => type === 'page')
    return page === undefined ? null : askTarget(page.webSocketDebuggerUrl, method, params)
  }
  return {
    evaluate: async (expression) => {
      const answer = await ask('Runtime.evaluate', { expression, returnByValue: true })
      const result: unknown = answer?.result
      return typeof result === 'object' && result !== null && 'value' in result ? result.value : null
    },
    screenshot: async () => {
      const answer = await ask('Page.captureScreenshot', { format: 'png' })
      return typeof answer?.data === 'string' ? Buffer.from(answer.data, 'base64') : null
    },
  }
}

/** One question over a connection of its own. */
async function askTarget(
  url: string,
  method: string,
  params: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const socket = new WebSocket(url)
  try {
    return await new Promise((resolve, reject) => {
      socket.onerror = () => reject(new Error('the page does not answer'))
      socket.onopen = () => socket.send(JSON.stringify({ id: 1, method, params }))
      socket.onmessage = ({ data }) => {
        const answer: { id?: number; result?: Record<string, unknown> } = JSON.parse(String(data))
        if (answer.id === 1) resolve(answer.result ?? {})
      }
    })
  } finally {
    socket.close()
  }
}
