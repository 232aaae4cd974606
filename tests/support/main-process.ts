import type * as Electron from 'electron'

/** The main process of a running Electron, through its inspector. */
export interface MainProcess {
  /** Runs a function there, which sees only its arguments. Its result comes back as JSON. */
  evaluate<R>(run: (electron: typeof Electron) => R | Promise<R>): Promise<R>
  evaluate<R, A>(run: (electron: typeof Electron, argument: A) => R | Promise<R>, argument: A): Promise<R>
  /** Asks the app to quit. An inspected process exits only once its inspector has disconnected. */
  quit(): Promise<void>
}

interface Answer {
  id: number
  result?: { result: { value?: string }; exceptionDetails?: { exception?: { description?: string } } }
  error?: { message: string }
}

/** Connects to the address that `--inspect` makes Electron print. */
export async function connectToMainProcess(url: string): Promise<MainProcess> {
  const socket = new WebSocket(url)
  const waiting = new Map<number, PromiseWithResolvers<string>>()
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error('the inspector of the main process cannot be reached'))
  })
  socket.onmessage = ({ data }) => {
    const { id, result, error }: Answer = JSON.parse(String(data))
    const thrown = error?.message ?? result?.exceptionDetails?.exception?.description
    if (thrown === undefined) waiting.get(id)?.resolve(result?.result.value ?? 'null')
    else waiting.get(id)?.reject(new Error(thrown))
    waiting.delete(id)
  }
  socket.onclose = () => {
    for (const { reject } of waiting.values()) reject(new Error('the main process has ended'))
  }
  let lastId = 0
  const ask = (expression: string): Promise<string> => {
    if (socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error('the main process has ended'))
    const id = ++lastId
    const answer = Promise.withResolvers<string>()
    waiting.set(id, answer)
    // `require` exists only with the command line API.
    const params = { expression, awaitPromise: true, returnByValue: true, includeCommandLineAPI: true }
    socket.send(JSON.stringify({ id, method: 'Runtime.evaluate', params }))
    return answer.promise
  }
  return {
    evaluate: async (run: (electron: typeof Electron, argument: never) => unknown, argument?: unknown) => {
      const call = `(${run})(require('electron'), ${JSON.stringify(argument ?? null)})`
      // An inspector's command interrupts whatever runs, even a half-loaded module, so the work gets a task of its own.
      const inTurn = `((require) => new Promise((resolve) => setImmediate(resolve)).then(() => ${call}))(require)`
      return JSON.parse(await ask(`${inTurn}.then((value) => JSON.stringify(value ?? null))`))
    },
    quit: async () => {
      // The process may exit before it has answered.
      // What runs is interrupted without a question.
      const quit = `const { app, dialog } = require('electron'); dialog.showMessageBox = async () => ({ response: 0 }); app.quit()`
      await ask(`void (() => { ${quit} })()`).catch(() => undefined)
      socket.close()
    },
  }
}
