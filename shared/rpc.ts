import {
  type EventData,
  type EventName,
  events,
  type Handlers,
  type Input,
  type Method,
  methods,
  type Output,
} from './contract.ts'
import { AppError, type ErrorCode } from './errors.ts'

/** What crosses the pipe: a request, its reply or failure, an event. Plain data only. */
export type Wire =
  | { id: number; method: string; input: unknown }
  | { id: number; output: unknown }
  | { id: number; error: { code: ErrorCode; sentence: string } }
  | { event: string; data: unknown }

/** One end of an ordered pipe. Electron's is a dozen lines over IPC; a test's is an in-memory pair. */
export interface Port {
  send(message: Wire): void
  onMessage(listener: (message: unknown) => void): void
}

/** A failure that is not an `AppError`, told to whoever keeps the log. */
export type Report = (method: string, error: unknown) => void

/** The backend's half of the pipe. */
export interface Served {
  /** Sends an event to the window; what the event's schema does not declare is left out. */
  emit<E extends EventName>(name: E, data: EventData<E>): void
}

/**
 * Answers the window's requests on `port` with `handlers`. Input and output are parsed with the contract's schemas: what is not
 * declared there never crosses. Failures cross as a code and a sentence; anything that is not an `AppError` becomes `internal`
 * and is told to `report` whole.
 */
export function serve(port: Port, handlers: Handlers, report: Report): Served {
  port.onMessage((message) => {
    if (!isRequest(message)) return
    const { id, method, input } = message
    answer(handlers, method, input).then(
      (output) => port.send({ id, output }),
      (error: unknown) => {
        const known = error instanceof AppError ? error : null
        if (known === null || known.cause !== undefined) report(method, error)
        port.send({
          id,
          error: {
            code: known?.code ?? 'internal',
            sentence: known?.message ?? 'Something went wrong inside Putdesk. The log has the details.',
          },
        })
      },
    )
  })
  return {
    emit: (name, data) => port.send({ event: name, data: events[name].parse(data) }),
  }
}

async function answer(handlers: Handlers, method: string, input: unknown): Promise<unknown> {
  if (!isMethod(method)) throw new AppError('bad-input', `“${method}” is not something a window can ask for.`)
  return run(handlers, method, input)
}

async function run<M extends Method>(handlers: Handlers, method: M, input: unknown): Promise<unknown> {
  const parsed = methods[method].input.safeParse(input)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new AppError(
      'bad-input',
      `The request could not be understood: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
    )
  }
  const handler: Handlers[M] = handlers[method]
  return methods[method].output.parse(await handler(parsed.data as Input<M>))
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

/** The window's half of the pipe: it asks, and it is told. */
export interface Client {
  /** Asks the backend. Rejects with an `AppError` whose message is a sentence for the person. */
  call<M extends Method>(method: M, input: Input<M>): Promise<Output<M>>
  /** Listens to an event. */
  on<E extends EventName>(name: E, listener: (data: EventData<E>) => void): void
}

/** Joins the window to the backend on the other end of `port`. */
export function connect(port: Port): Client {
  const pending = new Map<number, { resolve: (output: never) => void; reject: (error: Error) => void }>()
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
    pending.delete(message.id)
    if ('error' in message) waiting.reject(new AppError(message.error.code, message.error.sentence))
    else if ('output' in message) waiting.resolve(message.output as never)
  })
  return {
    call: (method, input) =>
      new Promise((resolve, reject) => {
        const id = nextId++
        pending.set(id, { resolve, reject })
        port.send({ id, method, input })
      }),
    on: (name, listener) => {
      listeners.set(name, [...(listeners.get(name) ?? []), listener])
    },
  }
}
