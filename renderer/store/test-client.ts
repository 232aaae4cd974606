import type { EventData, EventName, Method, Output, Progress } from '../../shared/contract.ts'
import type { ErrorCode } from '../../shared/errors.ts'
import { type Item, toColumns } from '../../shared/item.ts'
import { type Client, connect, type Port, type Wire } from '../../shared/rpc.ts'
import type { Send, SendId } from '../../shared/send.ts'

/** The backend's end of a pipe, scripted by a test: it sees the requests and sends replies and events in any order. */
export interface ScriptedBackend {
  client: Client
  /** Every request so far. */
  asked: { method: string; input: unknown }[]
  /** The methods of requests that the window cancelled. */
  cancelled: string[]
  tell<E extends EventName>(event: E, data: EventData<E>): void
  /** Answers the oldest open request for `method`, or the one at `at`. */
  answer<M extends Method>(method: M, output: Output<M>, at?: number): Promise<void>
  /** Sends progress for the oldest open request for `method`. */
  progress<M extends Method>(method: M, progress: Progress<M>): Promise<void>
  /** Refuses the oldest one, or the one at `at`. `origin` comes with `untrusted-host`. */
  refuse(method: Method, code: ErrorCode, sentence: string, how?: { at?: number; origin?: string }): Promise<void>
}

/** The output of `items.open` for a folder without a path. */
export function opened(items: readonly Item[]): Output<'items.open'> {
  return { items: toColumns(items), path: null }
}

/** A send of one file. */
export function sendOf(id: SendId, status: Send['status'] = 'sending', more: Partial<Send> = {}): Send {
  return {
    ...{ id, accountId: 'a', folderId: 0, itemId: null, name: `${id}.bin`, isFolder: false, isMerged: false, status },
    ...{ sizeBytes: 9, sentBytes: 0, doneFiles: 0, totalFiles: 1, skippedFiles: 0, speedBytesPerSecond: null },
    ...{ secondsLeft: null, reason: null },
    ...more,
  }
}

/** A pipe without a real backend: the test answers every request. */
export function scriptedBackend(): ScriptedBackend {
  const listeners: ((message: unknown) => void)[] = []
  const open: { id: number; method: string; input: unknown }[] = []
  const asked: { method: string; input: unknown }[] = []
  const cancelled: string[] = []
  const port: Port = {
    send: (message: Wire) => {
      if ('cancel' in message) cancelled.push(open.find(({ id }) => id === message.id)?.method ?? '')
      if (!('method' in message)) return
      open.push(message)
      asked.push({ method: message.method, input: message.input })
    },
    onMessage: (listener) => listeners.push(listener),
  }
  const say = (message: Wire) => {
    for (const listener of listeners) listener(message)
  }
  function take(method: Method, at: number) {
    const request = open.filter((one) => one.method === method)[at]
    if (request === undefined) throw new Error(`Nobody asked for ${method}.`)
    open.splice(open.indexOf(request), 1)
    return request
  }
  /** Lets pending promises settle. */
  async function settle() {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  }
  return {
    client: connect(port),
    asked,
    cancelled,
    progress: async (method, progress) => {
      const request = open.find((one) => one.method === method)
      if (request !== undefined) say({ id: request.id, progress })
      await settle()
    },
    tell: (event, data) => say({ event, data }),
    answer: async (method, output, at = 0) => {
      await settle()
      say({ id: take(method, at).id, output })
      await settle()
    },
    refuse: async (method, code, sentence, { at = 0, ...rest } = {}) => {
      await settle()
      say({ id: take(method, at).id, error: { code, sentence, ...rest } })
      await settle()
    },
  }
}
