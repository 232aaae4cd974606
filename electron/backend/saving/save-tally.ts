import type { ItemId } from '../../../shared/item.ts'
import { minStoredBytes } from '../accounts/stored-content.ts'
import type { SavedFile } from './save-listing.ts'
import { type Place, roomProblem } from './save-places.ts'

/** How much of a save is there, and how much space the rest needs: clones need none. */
export class SaveTally {
  #sizeBytes: number | null
  #totalFiles: number | null = null
  #doneFiles = 0
  #doneBytes = 0
  /** How much is there of files that are not finished. Of files that are saved together, the first stands for all of them. */
  readonly #stored = new Map<ItemId, number>()
  /** How much of what is not finished can be cloned. */
  #cloneableBytes = 0

  /** Null where the size is not known before the files are. */
  constructor(sizeBytes: number | null) {
    this.#sizeBytes = sizeBytes
  }

  get savedBytes(): number {
    return this.#doneBytes + [...this.#stored.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  get sizeBytes(): number | null {
    return this.#sizeBytes
  }

  get doneFiles(): number {
    return this.#doneFiles
  }

  /** Null until it is known which files there are. */
  get totalFiles(): number | null {
    return this.#totalFiles
  }

  /** These are all files. */
  setFiles(files: readonly SavedFile[]): void {
    this.#totalFiles = files.length
    this.#sizeBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  finish(file: SavedFile): void {
    const { itemId, sizeBytes } = file
    if (isLarge(file)) this.#cloneableBytes = Math.max(0, this.#cloneableBytes - sizeBytes)
    this.#stored.delete(itemId)
    this.#doneFiles += 1
    this.#doneBytes += sizeBytes
  }

  /** How much of a file that is not finished is there. */
  storedBytes(itemId: ItemId): number {
    return this.#stored.get(itemId) ?? 0
  }

  setStored(itemId: ItemId, bytes: number): void {
    this.#stored.set(itemId, bytes)
  }

  /** What is there of a file does not count any more. */
  forget(itemId: ItemId): void {
    this.#stored.delete(itemId)
  }

  /** The files that would be cloned where the volume can: those of which nothing is there, unless they are small. */
  cloneable(files: readonly SavedFile[]): SavedFile[] {
    return files.filter((file) => isLarge(file) && this.storedBytes(file.itemId) === 0)
  }

  /** The volume can clone these files. */
  setCloneable(files: readonly SavedFile[]): void {
    this.#cloneableBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  /** How much space the files that are not finished need. */
  get neededBytes(): number {
    return Math.max(0, (this.#sizeBytes ?? 0) - this.savedBytes - this.#cloneableBytes)
  }

  /** How much space a file needs. */
  neededBytesOf(file: SavedFile): number {
    const storedBytes = this.storedBytes(file.itemId)
    const isCloned = this.#cloneableBytes > 0 && isLarge(file) && storedBytes === 0
    return isCloned ? 0 : Math.max(0, file.sizeBytes - storedBytes)
  }

  /** Why something does not fit, or null if it does. A clone fits however little space there is. */
  spaceProblem(place: Place, neededBytes: number, claimedBytes = 0): string | null {
    return neededBytes === 0 && this.#cloneableBytes > 0 ? null : roomProblem(place, neededBytes, claimedBytes)
  }
}

function isLarge({ sizeBytes }: SavedFile): boolean {
  return sizeBytes >= minStoredBytes
}
