import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { diskSentence } from '../../../engine/disk/disk-sentence.ts'
import { requirePlainFolder } from '../../../engine/disk/plain-folder.ts'
import { errorCode, FetchError } from '../../../engine/fetch-error.ts'
import { formatSize } from '../../../engine/text/format-size.ts'

/** How long what was seen of a folder is used: many saves may go to the same one. */
const freshMs = 1000
/** A network volume whose server is gone may never answer. */
const answerMs = 5000
/** On small disks less is kept free. */
const maxReserveShare = 0.1

/** Which folder it is, whatever its path. */
export interface PlaceId {
  dev: string
  ino: string
}

/** What is known of a folder to save in. */
export interface Place {
  /** Why nothing can be saved there now, or null. */
  problem: string | null
  id: PlaceId | null
  /** Null where the volume does not tell. */
  freeBytes: number | null
  reserveBytes: number
}

/** The folders that saves go to: whether they are there, and how much may be saved in them. */
export class SavePlaces {
  readonly #seen = new Map<string, { atMs: number; place: Promise<Place> }>()
  readonly #asking = new Map<string, Promise<Place>>()
  /** What running saves still need. */
  readonly #claims = new Map<string, { dev: string; neededBytes: () => number }>()
  #reserveBytes = 0

  /** Sets how much stays free on each disk, but no more than a tenth of it. */
  reserve(bytes: number): void {
    this.#reserveBytes = bytes
    this.#seen.clear()
  }

  look(folder: string): Promise<Place> {
    const now = performance.now()
    for (const [path, { atMs }] of this.#seen) if (now - atMs > freshMs) this.#seen.delete(path)
    const known = this.#seen.get(folder)
    if (known !== undefined) return known.place
    const place = Promise.race([this.#ask(folder), late(answerMs).then(() => noAnswer)])
    this.#seen.set(folder, { atMs: now, place })
    return place
  }

  /** Asks a volume once at a time: one that does not answer would otherwise take a thread for each question. */
  #ask(folder: string): Promise<Place> {
    const running = this.#asking.get(folder)
    if (running !== undefined) return running
    const asking = lookAt(folder, this.#reserveBytes).finally(() => this.#asking.delete(folder))
    this.#asking.set(folder, asking)
    return asking
  }

  /** What running saves still need on the same disk, except for one of them. */
  claimedBytes({ id }: Place, except: string): number {
    const others = [...this.#claims].filter(([saveId, { dev }]) => saveId !== except && dev === id?.dev)
    return others.reduce((sum, [, { neededBytes }]) => sum + neededBytes(), 0)
  }

  claim(saveId: string, { id }: Place, neededBytes: () => number): void {
    if (id !== null) this.#claims.set(saveId, { dev: id.dev, neededBytes })
  }

  release(saveId: string): void {
    this.#claims.delete(saveId)
  }
}

/** Why something does not fit, or null if it does. */
export function roomProblem({ freeBytes, reserveBytes }: Place, neededBytes: number, claimedBytes = 0): string | null {
  if (freeBytes === null || neededBytes + claimedBytes + reserveBytes <= freeBytes) return null
  const needed = neededBytes > 0 ? `it needs ${formatSize(neededBytes)}` : 'more is needed'
  const claimed = claimedBytes > 0 ? `, other saves need ${formatSize(claimedBytes)}` : ''
  const reserve = reserveBytes > 0 ? `, of which ${formatSize(reserveBytes)} stays free` : ''
  return `Too little space: ${needed}${claimed}, and ${formatSize(freeBytes)} is free${reserve}. It continues when there is space.`
}

const noAnswer: Place = {
  problem: 'The folder to save in does not answer. It continues when the folder is there again.',
  id: null,
  freeBytes: null,
  reserveBytes: 0,
}

function late(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

async function lookAt(folder: string, reserveBytes: number): Promise<Place> {
  const nothing = { id: null, freeBytes: null, reserveBytes: 0 }
  try {
    await requirePlainFolder(folder, folder)
    await access(folder, constants.W_OK)
    const { dev, ino } = await stat(folder, { bigint: true })
    const id = { dev: `${dev}`, ino: `${ino}` }
    const volume = await statfs(folder).catch(() => null)
    if (volume === null) return { problem: null, id, freeBytes: null, reserveBytes: 0 }
    const sizeBytes = volume.blocks * volume.bsize
    return {
      problem: null,
      id,
      freeBytes: volume.bavail * volume.bsize,
      reserveBytes: Math.floor(Math.min(reserveBytes, sizeBytes * maxReserveShare)),
    }
  } catch (error) {
    const problem = error instanceof FetchError ? error.message : diskSentence(errorCode(error))
    return { problem: `${problem} It continues when the folder is there again.`, ...nothing }
  }
}
