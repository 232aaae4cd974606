/** Files and empty folders by their paths under one folder of the space. Every segment is a valid item name. */
export interface NewTree {
  parentId: number
  files: readonly { path: readonly string[]; sizeBytes: number; content: string }[]
  folders: readonly (readonly string[])[]
}

/** A folder of such a tree. */
export interface Branch {
  sizeBytes: number
  folders: Map<string, Branch>
  files: { name: string; index: number }[]
}

/** Builds the tree from paths, each folder with the sum of its content. */
export function branchOf({ files, folders }: NewTree): Branch {
  const empty = (): Branch => ({ sizeBytes: 0, folders: new Map(), files: [] })
  const root = empty()
  const descend = (path: readonly string[], sizeBytes: number): Branch => {
    let at = root
    at.sizeBytes += sizeBytes
    for (const segment of path) {
      const next = at.folders.get(segment) ?? empty()
      at.folders.set(segment, next)
      next.sizeBytes += sizeBytes
      at = next
    }
    return at
  }
  for (const path of folders) descend(path, 0)
  for (const [index, { path, sizeBytes }] of files.entries()) {
    descend(path.slice(0, -1), sizeBytes).files.push({ name: path.at(-1) ?? 'unnamed', index })
  }
  return root
}
