import { newContentName } from '../space/content.ts'

/** A file on its way from a transfer's work folder into the space. */
interface PlannedFile {
  /** Safe segments under the plan's folder. */
  path: string[]
  /** Where it lies: under its index in the work folder, or in a folder of what was unpacked. */
  from: string
  /** The name that its content gets. */
  content: string
  sizeBytes: number
}

/** One tree of files and empty folders, to appear in one folder of the space at once. */
interface PlannedTree {
  parentId: number
  files: PlannedFile[]
  folders: string[][]
}

/**
 * What is to be in the space when a transfer's content is delivered. It is written down before the first file moves, so that a
 * crash anywhere in between ends in the same tree.
 */
export interface Plan {
  /** `whole`: this ends the delivery. `raw`: a shared torrent's files as they are, before its archives are unpacked. */
  kind: 'whole' | 'raw'
  trees: PlannedTree[]
  /** Items whose place the trees take: archives that were unpacked. */
  replacedIds: number[]
  /** What the person is told with it: what was left out of archives, and names that were changed. Absent in plans of older versions. */
  note?: string | null
}

/** What of a transfer its plan is made of. */
interface Deliverable {
  folderId: number
  files: readonly { path: readonly string[]; sizeBytes: number | null }[]
  itemIds: readonly number[] | null
}

/** What became of one archive. */
export interface Unpacked {
  /** The archive's own files, by index among the transfer's. */
  indexes: number[]
  /** Its name without the ending. */
  stem: string
  files: { path: string[]; from: string; sizeBytes: number }[]
  folders: string[][]
}

/** A transfer's files as they are. */
export function rawPlan(transfer: Deliverable, kind: Plan['kind'], root: readonly string[]): Plan {
  return { kind, trees: [rawTree(transfer, new Set(), root)], replacedIds: [] }
}

/**
 * What was unpacked, in place of its archives: with the other files of the transfer, or, when those are in the space already, beside
 * the archive wherever that is now.
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
  // All of it is one tree, so that folders of the same name are one folder.
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

/** What an archive holds goes into a folder of its name, unless it holds one thing only at its top. */
function ownFolder({ stem, files, folders }: Unpacked): string[] {
  const top = new Set([...files.map(({ path }) => path[0]), ...folders.map(([first]) => first)])
  return top.size === 1 ? [] : [stem]
}
