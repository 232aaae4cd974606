import { Worker } from 'node:worker_threads'
import type { WrittenFile } from '../../engine/save/place-batch.ts'
import { threadUrl } from '../../engine/thread-url.ts'

/** Work for the thread. Both lists have the files of a batch that are still to be saved. */
export type DiskTask =
  | {
      kind: 'write'
      root: string
      reserveBytes: number
      /** Those of the files, one after another. */
      bytes: Uint8Array<ArrayBuffer>
      files: { partPath: string; origin: string; start: number; end: number }[]
    }
  | { kind: 'name'; root: string; files: { partPath: string; targetPath: string; inode: string | null }[] }

/** What the thread answers, in the order of the tasks. Null when something unexpected failed. */
export type DiskAnswer = { written: (WrittenFile | null)[] } | { named: boolean[] } | null

const idleMs = 10_000

/**
 * What writes batches of small files: a thread for each folder to save in, as each call blocks it, and a disk that does not answer must
 * not hold up the others.
 */
export class BatchDisks {
  readonly #disks = new Map<string, Disk>()

  async write(task: Extract<DiskTask, { kind: 'write' }>): Promise<(WrittenFile | null)[]> {
    const answer = await this.#at(task.root).run(task, [task.bytes.buffer])
    return answer !== null && 'written' in answer ? answer.written : task.files.map(() => null)
  }

  async name(task: Extract<DiskTask, { kind: 'name' }>): Promise<boolean[]> {
    const answer = await this.#at(task.root).run(task)
    return answer !== null && 'named' in answer ? answer.named : task.files.map(() => false)
  }

  #at(root: string): Disk {
    const known = this.#disks.get(root)
    if (known !== undefined) return known
    const disk = new Disk(() => {
      if (this.#disks.get(root) === disk) this.#disks.delete(root)
    })
    this.#disks.set(root, disk)
    return disk
  }
}

class Disk {
  readonly #thread = new Worker(threadUrl('disk-worker', import.meta.url), { execArgv: ['--no-warnings'] })
  readonly #waiting: ((answer: DiskAnswer) => void)[] = []
  #idle: NodeJS.Timeout | null = null

  /** `onEnd` is called when it takes no more tasks. */
  constructor(onEnd: () => void) {
    const leave = () => {
      onEnd()
      void this.#thread.terminate()
    }
    this.#thread.on('message', (answer: DiskAnswer) => {
      this.#waiting.shift()?.(answer)
      if (this.#waiting.length === 0) this.#idle = setTimeout(leave, idleMs).unref()
    })
    this.#thread.on('error', () => undefined)
    this.#thread.on('exit', () => {
      onEnd()
      for (const end of this.#waiting.splice(0)) end(null)
    })
  }

  run(task: DiskTask, transfer: ArrayBuffer[] = []): Promise<DiskAnswer> {
    if (this.#idle !== null) clearTimeout(this.#idle)
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#thread.postMessage(task, transfer)
    })
  }
}
