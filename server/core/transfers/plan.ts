import { newContentName } from '../space/content.ts'

/** A file on its way from a transfer's work folder into the space. */
interface PlannedFile {
  /** Safe segments below the plan's folder. */
  path: string[]
  /** Its path in the work folder: its index, or a path in a folder of unpacked files. */
  from: string
  /** The name of its content. */
  content: string
  sizeBytes: number
}

/** A tree of files and empty folders that appears in one folder of the space at once. */
interface PlannedTree {
  parentId: number
  files: PlannedFile[]
  folders: string[][]
}

/**
 * What will be in the space when a transfer is delivered. It is saved before the first file moves, so that a crash at
 * any point leads to the same tree.
 */
export interface Plan {
  /**
   * `whole` completes the delivery. `raw` is a shared torrent's files as they are, before its archives are unpacked.
   */
  kind: 'whole' | 'raw'
  trees: PlannedTree[]
  /** Items that the trees replace: archives that were unpacked. */
  replacedIds: number[]
  /**
   * A note for the person: what was left out of archives, and names that were changed. Absent in plans of older
   * versions.
   */
  note?: string | null
}

/** The parts of a transfer that its plan depends on. */
interface Deliverable {
  folderId: number
  files: readonly { path: readonly string[]; sizeBytes: number | null }[]
  itemIds: readonly number[] | null
}

/** The result of unpacking one archive. */
export interface Unpacked {
  /** The archive's own files, as indexes into the transfer's files. */
  indexes: number[]
  /** Its name without the extension. */
  stem: string
  files: { path: string[]; from: string; sizeBytes: number }[]
  folders: string[][]
}

/** A plan for a transfer's files as they are. */
export function rawPlan(transfer: Deliverable, kind: Plan['kind'], root: readonly string[]): Plan {
  return { kind, trees: [rawTree(transfer, new Set(), root)], replacedIds: [] }
}

/**
 * A plan for unpacked files in place of their archives: together with the other files of the transfer or, if those are
 * in the space already, beside the archive, wherever that is now.
 */
export function unpackedPlan(
  transfer: Deliverable,
  { unpacked, note }: { unpacked: Unpacked[]; note: string | null },
  { root, parentOf }: { root: readonly string[]; parentOf(itemId: number): number | null },
): Plan {
  const { itemIds, folderId, files } = transfer
  const from = (archive: Unpacked) => {
    const index = archive.indexes[0] ?? 0
    const folder = itemIds === null ? [...root, ...(files[index]?.path.slice(0, -1) ?? [])] : []
    const prefix = [...folder, ...ownFolder(archive)]
    const itemId = itemIds?.[index]
    return {
      parentId: itemId === undefined ? folderId : (parentOf(itemId) ?? folderId),
      files: archive.files.map((file) => ({ ...file, path: [...prefix, ...file.path], content: newContentName() })),
      folders: archive.folders.map((path) => [...prefix, ...path]),
    }
  }
  const indexes = unpacked.flatMap((archive) => archive.indexes)
  const trees = unpacked.map(from)
  if (itemIds !== null) {
    return { kind: 'whole', trees, replacedIds: indexes.flatMap((index) => itemIds[index] ?? []), note }
  }
  const rest = rawTree(transfer, new Set(indexes), root)
  // A single tree, so that folders of the same name are merged.
  const whole: PlannedTree = {
    parentId: folderId,
    files: [...rest.files, ...trees.flatMap((tree) => tree.files)],
    folders: trees.flatMap((tree) => tree.folders),
  }
  return { kind: 'whole', trees: [whole], replacedIds: [], note }
}

function rawTree(transfer: Deliverable, without: ReadonlySet<number>, root: readonly string[]): PlannedTree {
  const files = transfer.files.flatMap(({ path, sizeBytes }, index) =>
    without.has(index)
      ? []
      : [{ path: [...root, ...path], from: `${index}`, content: newContentName(), sizeBytes: sizeBytes ?? 0 }],
  )
  return { parentId: transfer.folderId, files, folders: [] }
}

/** An archive's content goes into a folder with the archive's name, unless it has a single entry at its top. */
function ownFolder({ stem, files, folders }: Unpacked): string[] {
  const top = new Set([...files.map(({ path }) => path[0]), ...folders.map(([first]) => first)])
  return top.size === 1 ? [] : [stem]
}
