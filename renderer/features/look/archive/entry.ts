/** One item of an archive, as the archive describes it: nothing of it is checked, and nothing is unpacked. */
export interface ArchiveEntry {
  name: string
  isFolder: boolean
  isEncrypted: boolean
  /** Null if the archive does not say. */
  sizeBytes: number | null
}

/** An item whose name is still bytes of unknown encoding, or already text. */
export interface RawEntry extends Omit<ArchiveEntry, 'name'> {
  name: Uint8Array | string
}

/** Takes an item. Throws `Cut` when there are enough. */
export type AddEntry = (entry: RawEntry) => void

/** Thrown where a list ends because quick look reads or lists no more. */
export class Cut extends Error {
  override name = 'Cut'
}
