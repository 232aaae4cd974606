import type * as z from 'zod'
import {
  type EventData,
  type EventName,
  events,
  type Handlers,
  type Input,
  type Method,
  methods,
  type Output,
  type Progress,
} from './contract.ts'
import { AppError, type ErrorCode } from './errors.ts'

/** What crosses the pipe: a request, its progress, its cancellation, its reply or error, an event. Plain data only. */
export type Wire =
  | { id: number; method: string; input: unknown }
  | { id: number; cancel: true }
  | { id: number; progress: unknown }
  | { id: number; output: unknown }
  | { id: number; error: { code: ErrorCode; sentence: string } }
  | { event: string; data: unknown }

/** One end of an ordered pipe. Electron's is a dozen lines over IPC; a test's is an in-memory pair. */
export interface Port {
  send(message: Wire): void
  onMessage(listener: (message: unknown) => void): void
}

/** Reports an error that is not an `AppError`, or a handler that takes too long, to the log. */
export type ReportError = (method: string, error: unknown) => void

/** The backend's half of the pipe. */
export interface ServedPort {
  /** Sends an event to the window; what the event's schema does not declare is left out. */
  emit<E extends EventName>(name: E, data: EventData<E>): void
  /** Cancels every request that is still running. */
  close(): void
}

/** Progress of one request crosses at most this often. */
const progressEveryMs = 100
/** A handler that has been silent for this long is reported. */
const slowAfterMs = 30_000
/** A handler that has been silent for this long is cancelled, and its request answered. */
const silentAfterMs = 300_000

/**
 * Answers the window's requests on `port` with `handlers`, each exactly once, also when it is cancelled or its handler never ends.
 * Input, progress and output are parsed with the contract's schemas: what is not declared there never crosses. Errors cross as a
 * code and a sentence; anything that is not an `AppError` becomes `internal` and is reported whole.
 */
export function serve(port: Port, handlers: Handlers, report: ReportError): ServedPort {
  const running = new Map<number, AbortController>()

  function start(id: number, method: string, input: unknown): void {
    if (running.has(id)) {
      const sentence = 'The window asked twice under one number.'
      port.send({ id, error: { code: 'bad-input', sentence } })
      return
    }
    const controller = new AbortController()
    running.set(id, controller)
    const watch = watchSilence(controller, () => report(method, new Error('the handler has been silent for a while')))
    const tell = (progress: unknown) => {
      watch.heard()
      if (!controller.signal.aborted) port.send({ id, progress })
    }
    const stopped = new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason))
    })
    Promise.race([stopped, answer(handlers, { method, input, tell, signal: controller.signal })])
      .then(
        (output) => port.send({ id, output }),
        (error: unknown) => port.send({ id, error: toWireError(error, (cause) => report(method, cause)) }),
      )
      .finally(() => {
        watch.stop()
        running.delete(id)
      })
  }

  port.onMessage((message) => {
    if (isRequest(message)) start(message.id, message.method, message.input)
    else if (isCancel(message)) running.get(message.id)?.abort(cancelled())
  })
  return {
    emit: (name, data) => port.send({ event: name, data: events[name].parse(data) }),
    close: () => {
      for (const controller of running.values()) controller.abort(cancelled())
    },
  }
}

/** Watches for a handler that neither ends nor reports progress. */
function watchSilence(controller: AbortController, onSlow: () => void) {
  const giveUp = () =>
    controller.abort(new AppError('unreachable', 'This took too long, so Putdesk stopped waiting. Try it again.'))
  const slow = setTimeout(onSlow, slowAfterMs)
  let silent = setTimeout(giveUp, silentAfterMs)
  return {
    heard: () => {
      clearTimeout(slow)
      clearTimeout(silent)
      silent = setTimeout(giveUp, silentAfterMs)
    },
    stop: () => {
      clearTimeout(slow)
      clearTimeout(silent)
    },
  }
}

function cancelled(): AppError {
  return new AppError('cancelled', 'This was cancelled.')
}

function toWireError(error: unknown, report: (error: unknown) => void): { code: ErrorCode; sentence: string } {
  const known = error instanceof AppError ? error : null
  if (known === null || known.cause !== undefined) report(error)
  return {
    code: known?.code ?? 'internal',
    sentence: known?.message ?? 'Something went wrong inside Putdesk. The log has the details.',
  }
}

interface Asked {
  method: string
  input: unknown
  signal: AbortSignal
  tell(progress: unknown): void
}

async function answer(handlers: Handlers, asked: Asked): Promise<unknown> {
  const { method } = asked
  if (!isMethod(method)) throw new AppError('bad-input', `“${method}” is not something a window can ask for.`)
  return run(handlers, method, asked)
}

async function run<M extends Method>(handlers: Handlers, method: M, { input, signal, tell }: Asked): Promise<unknown> {
  const parsed = methods[method].input.safeParse(input)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new AppError(
      'bad-input',
      `The request could not be understood: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
    )
  }
  const definition: { input: z.ZodType; progress?: z.ZodType } = methods[method]
  let toldAtMs = Number.NEGATIVE_INFINITY
  const handler: Handlers[M] = handlers[method]
  const output = await handler(parsed.data as Input<M>, {
    signal,
    tell: (progress) => {
      if (performance.now() - toldAtMs < progressEveryMs) return
      toldAtMs = performance.now()
      tell(definition.progress?.parse(progress))
    },
  })
  return methods[method].output.parse(output)
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(methods, name)
}

function isRequest(message: unknown): message is Extract<Wire, { method: string }> {
  return (
    typeof message === 'object' &&
    message !== null &&
    'id' in message &&
    typeof message.id === 'number' &&
    'method' in message &&
    typeof message.method === 'string' &&
    'input' in message
  )
}

function isCancel(message: unknown): message is Extract<Wire, { cancel: true }> {
  return (
    typeof message === 'object' &&
    message !== null &&
    'id' in message &&
    typeof message.id === 'number' &&
    'cancel' in message &&
    message.cancel === true
  )
}

/** How a request is followed. */
export interface CallOptions<M extends Method> {
  /** Aborting it cancels the request, which then rejects with `cancelled`. */
  signal?: AbortSignal
  /** Receives the progress of a long request. */
  onProgress?: (progress: Progress<M>) => void
}

/** The window's half of the pipe: it sends requests and receives events. */
export interface Client {
  /** Asks the backend. Rejects with an `AppError` whose message is a sentence for the person. */
  call<M extends Method>(method: M, input: Input<M>, options?: CallOptions<M>): Promise<Output<M>>
  /** Listens to an event. */
  on<E extends EventName>(name: E, listener: (data: EventData<E>) => void): void
}

interface Pending {
  resolve: (output: never) => void
  reject: (error: Error) => void
  onProgress: ((progress: never) => void) | undefined
}

/** Joins the window to the backend on the other end of `port`. */
export function connect(port: Port): Client {
  const pending = new Map<number, Pending>()
  const listeners = new Map<string, ((data: never) => void)[]>()
  let nextId = 1

  port.onMessage((raw) => {
    const message = raw as Wire
    if ('event' in message) {
      for (const listener of listeners.get(message.event) ?? []) listener(message.data as never)
      return
    }
    const waiting = pending.get(message.id)
    if (waiting === undefined) return
    if ('progress' in message) {
      waiting.onProgress?.(message.progress as never)
      return
    }
    pending.delete(message.id)
    if ('error' in message) waiting.reject(new AppError(message.error.code, message.error.sentence))
    else if ('output' in message) waiting.resolve(message.output as never)
  })

  function ask<M extends Method>(method: M, input: Input<M>, { signal, onProgress }: CallOptions<M>) {
    return new Promise<Output<M>>((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(cancelled())
        return
      }
      const id = nextId++
      const cancel = () => {
        pending.delete(id)
        port.send({ id, cancel: true })
        reject(cancelled())
      }
      const over = () => signal?.removeEventListener('abort', cancel)
      pending.set(id, {
        resolve: (output) => {
          over()
          resolve(output)
        },
        reject: (error) => {
          over()
          reject(error)
        },
        onProgress,
      })
      signal?.addEventListener('abort', cancel, { once: true })
      try {
        port.send({ id, method, input })
      } catch (cause) {
        pending.delete(id)
        over()
        reject(new AppError('bad-input', 'This cannot be sent to the rest of Putdesk.', { cause }))
      }
    })
  }

  return {
    call: (method, input, options = {}) => ask(method, input, options),
    on: (name, listener) => {
      listeners.set(name, [...(listeners.get(name) ?? []), listener])
    },
  }
}
