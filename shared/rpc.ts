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

/** A message on the pipe: a request, its cancellation, progress, reply or error, or an event. Plain data only. */
export type Wire =
  | { id: number; method: string; input: unknown }
  | { id: number; cancel: true }
  | { id: number; progress: unknown }
  | { id: number; output: unknown }
  | { id: number; error: WireError }
  | { event: string; data: unknown }

interface WireError {
  code: ErrorCode
  sentence: string
  origin?: string
}

/** One end of an ordered pipe: over Electron's IPC, or in memory for tests. */
export interface Port {
  send(message: Wire): void
  onMessage(listener: (message: unknown) => void): void
}

/** Logs an unexpected error, the cause of an `AppError`, or a slow handler. */
export type ReportError = (method: string, error: unknown) => void

/** The backend's half of the pipe. */
export interface ServedPort {
  /** Sends an event to the window, stripped of what its schema does not declare. */
  emit<E extends EventName>(name: E, data: EventData<E>): void
  /** Cancels every request that is still running. */
  close(): void
}

/** The minimum interval between two progress messages of a request. */
const progressEveryMs = 100
/** A handler that has been silent for this long is reported. */
const slowAfterMs = 30_000
/** A handler that has been silent for this long is cancelled, and its request answered. */
const silentAfterMs = 300_000

/**
 * Answers the window's requests on `port` with `handlers`, each exactly once, even if it is cancelled or its handler never settles.
 * Input, progress and output are parsed with the contract's schemas, which strips what is not declared. Errors cross as a code and
 * a sentence; anything that is not an `AppError` becomes `internal` and is reported in full.
 */
export function serve(port: Port, handlers: Handlers, report: ReportError): ServedPort {
  const running = new Map<number, AbortController>()

  function start(id: number, method: string, input: unknown): void {
    if (running.has(id)) {
      const sentence = 'The window used one request number twice.'
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

/** Watches for a handler that neither settles nor reports progress. */
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

function toWireError(error: unknown, report: (error: unknown) => void): WireError {
  const known = error instanceof AppError ? error : null
  if (known === null || known.cause !== undefined) report(error)
  return {
    code: known?.code ?? 'internal',
    sentence: known?.message ?? 'Something went wrong inside Putdesk. The log has the details.',
    ...(known?.origin == null ? {} : { origin: known.origin }),
  }
}

interface PendingRequest {
  method: string
  input: unknown
  signal: AbortSignal
  tell(progress: unknown): void
}

async function answer(handlers: Handlers, request: PendingRequest): Promise<unknown> {
  const { method } = request
  if (!isMethod(method)) throw new AppError('bad-input', `“${method}” is not a known method.`)
  return run(handlers, method, request)
}

async function run<M extends Method>(
  handlers: Handlers,
  method: M,
  { input, signal, tell }: PendingRequest,
): Promise<unknown> {
  const parsed = methods[method].input.safeParse(input)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new AppError(
      'bad-input',
      `The request could not be understood: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
    )
  }
  const definition: { input: z.ZodType; progress?: z.ZodType } = methods[method]
  let lastProgressMs = Number.NEGATIVE_INFINITY
  const handler: Handlers[M] = handlers[method]
  const output = await handler(parsed.data as Input<M>, {
    signal,
    tell: (progress) => {
      if (performance.now() - lastProgressMs < progressEveryMs) return
      lastProgressMs = performance.now()
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

/** Options of a call. */
export interface CallOptions<M extends Method> {
  /** Aborting it cancels the request, which then rejects with `cancelled`. */
  signal?: AbortSignal
  /** Called with the progress of a long request. */
  onProgress?: (progress: Progress<M>) => void
}

/** The window's half of the pipe: it sends requests and receives events. */
export interface Client {
  /** Sends a request. Rejects with an `AppError` whose message is a sentence for the person. */
  call<M extends Method>(method: M, input: Input<M>, options?: CallOptions<M>): Promise<Output<M>>
  /** Subscribes to an event. */
  on<E extends EventName>(name: E, listener: (data: EventData<E>) => void): void
}

interface Pending {
  resolve: (output: never) => void
  reject: (error: Error) => void
  onProgress: ((progress: never) => void) | undefined
}

/** Connects the window to the backend at the other end of `port`. */
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
    const request = pending.get(message.id)
    if (request === undefined) return
    if ('progress' in message) {
      request.onProgress?.(message.progress as never)
      return
    }
    pending.delete(message.id)
    if ('error' in message) {
      const { code, sentence, origin = null } = message.error
      request.reject(new AppError(code, sentence, { origin }))
    } else if ('output' in message) request.resolve(message.output as never)
  })

  function send<M extends Method>(method: M, input: Input<M>, { signal, onProgress }: CallOptions<M>) {
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
      const cleanUp = () => signal?.removeEventListener('abort', cancel)
      pending.set(id, {
        resolve: (output) => {
          cleanUp()
          resolve(output)
        },
        reject: (error) => {
          cleanUp()
          reject(error)
        },
        onProgress,
      })
      signal?.addEventListener('abort', cancel, { once: true })
      try {
        port.send({ id, method, input })
      } catch (cause) {
        pending.delete(id)
        cleanUp()
        reject(new AppError('bad-input', 'This cannot be sent to the rest of Putdesk.', { cause }))
      }
    })
  }

  return {
    call: (method, input, options = {}) => send(method, input, options),
    on: (name, listener) => {
      listeners.set(name, [...(listeners.get(name) ?? []), listener])
    },
  }
}
