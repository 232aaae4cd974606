import { AppError } from '../../../shared/errors.ts'
import type { BatchOutcome, BatchRequest, FromSaver, SaveRequest, ToSaver, ZipRequest } from '../../saver/messages.ts'
import type { Host, SaverProcess } from '../host/host.ts'
import type { Log } from '../host/log.ts'

/** How a file ended. */
export type Ending = Extract<FromSaver, { kind: 'done' | 'failed' | 'cancelled' }>
/** What is told on the way. */
export type OnTheWay = Exclude<FromSaver, Ending>

/** Takes what is told. A file that is complete gets its name when what this returns has resolved. */
export type Tell = (message: OnTheWay) => void | Promise<void>

/** The process that saves files. It is started with the first file, and again after it has crashed. */
export class SaverClient {
  readonly #host: Pick<Host, 'startSaver'>
  readonly #log: Pick<Log, 'info'>
  #process: SaverProcess | null = null
  #isClosed = false
  readonly #running = new Map<string, { tell: Tell; end: (ending: Ending) => void }>()
  readonly #settings = new Map<ToSaver['kind'], ToSaver>()

  constructor(host: Pick<Host, 'startSaver'>, log: Pick<Log, 'info'>) {
    this.#host = host
    this.#log = log
  }

  /**
   * Saves one file. Resolves with how it ended; a crash of the process counts as a passing failure. Rejects only
   * before it has begun: when the signal has aborted, or Putdesk is closing.
   */
  save(request: SaveRequest, signal: AbortSignal, tell: Tell): Promise<Ending> {
    return this.#run({ kind: 'save', request }, signal, tell)
  }

  /**
   * Saves small files together. Resolves with what became of each: null when it was stopped, or the process ended. Rejects as `save`
   * does.
   */
  async saveBatch(request: BatchRequest, signal: AbortSignal, tell: Tell): Promise<BatchOutcome[] | null> {
    const ending = await this.#run({ kind: 'batch', request }, signal, tell)
    return ending.kind === 'done' ? ending.outcomes : null
  }

  /** Completes a zip. Resolves as `save` does. */
  finishZip(request: ZipRequest, signal: AbortSignal): Promise<Ending> {
    return this.#run({ kind: 'zip', request }, signal, () => undefined)
  }

  async #run(
    message: Extract<ToSaver, { kind: 'save' | 'zip' | 'batch' }>,
    signal: AbortSignal,
    tell: Tell,
  ): Promise<Ending> {
    signal.throwIfAborted()
    const { id } = message.request
    const cancel = () => this.#process?.send({ kind: 'cancel', id })
    const process = this.#start()
    const { promise, resolve } = Promise.withResolvers<Ending>()
    this.#running.set(id, { tell, end: resolve })
    process.send(message)
    signal.addEventListener('abort', cancel)
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  /** Applies at once, and to a process that is started later. */
  set(message: Extract<ToSaver, { kind: 'limit' | 'reserve' }>): void {
    this.#settings.set(message.kind, message)
    this.#process?.send(message)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#process?.stop()
  }

  #start(): SaverProcess {
    if (this.#isClosed) throw new AppError('cancelled', 'Putdesk is closing.')
    if (this.#process !== null) return this.#process
    const process = this.#host.startSaver((line) => this.#log.info(`saver: ${line}`))
    this.#process = process
    process.onMessage((message) => this.#receive(message))
    process.onExit((code) => {
      this.#process = null
      if (!this.#isClosed) this.#log.info(`saver: ended by itself (${code ?? 'killed'})`)
      const lost = [...this.#running]
      this.#running.clear()
      for (const [id, { end }] of lost)
        end({
          id,
          kind: 'failed',
          sentence: 'Saving was interrupted.',
          isTaken: false,
          isPassing: true,
          isFolder: false,
          tokenOrigin: null,
        })
    })
    for (const message of this.#settings.values()) process.send(message)
    return process
  }

  #receive(message: FromSaver): void {
    const found = this.#running.get(message.id)
    if (found === undefined) return
    if (message.kind === 'done' || message.kind === 'failed' || message.kind === 'cancelled') {
      this.#running.delete(message.id)
      found.end(message)
    } else if (message.kind === 'placing') void this.#place(message, found.tell)
    else void found.tell(message)
  }

  async #place(message: Extract<FromSaver, { kind: 'placing' }>, tell: Tell): Promise<void> {
    await tell(message)
    this.#process?.send({ kind: 'place', id: message.id })
  }
}
