import { maxTwins } from './tree.ts'

/** An entry of an archive with its path. The target of a hard link is a path from the root of the archive. */
export interface Placeable {
  kind: 'file' | 'folder' | 'symlink' | 'hard-link'
  segments: readonly string[]
  /** Null if it is not a link. */
  target: { isAbsolute: boolean; segments: readonly string[] } | null
}

/** Why a link leads to no file in its archive. */
export type DeadLink = 'outside' | 'missing' | 'folder' | 'loop' | 'too-far'

/** The same limit as in Linux. */
const maxHops = 40

/**
 * Resolves links to files like a file system with all entries would: through other links, including links to folders, in any order.
 * A hard link refers to the preceding file of that name, if there is one. Each link is followed once, so this runs in linear time.
 */
export class LinkFinder {
  readonly #items: readonly Placeable[]
  readonly #byPath = new Map<string, number[]>()
  readonly #folders = new Set<string>([''])
  readonly #paths = new Map<number, readonly string[] | DeadLink>()

  constructor(items: readonly Placeable[]) {
    this.#items = items
    for (const [index, { kind, segments }] of items.entries()) {
      this.#addFolders(kind === 'folder' ? segments : segments.slice(0, -1))
      if (kind === 'folder') continue
      const key = segments.join('/')
      const same = this.#byPath.get(key)
      if (same === undefined) this.#byPath.set(key, [index])
      // The tree refuses more entries of one name anyway.
      else if (same.length <= maxTwins) same.push(index)
    }
  }

  /** The index of the file that a link refers to. */
  find(index: number, hops = 0): number | DeadLink {
    const item = this.#items[index]
    if (item?.kind === 'file') return index
    if (item === undefined || item.target === null) return 'missing'
    if (hops > maxHops) return 'too-far'
    if (item.kind === 'symlink') {
      const path = this.#follow(index, hops)
      if (typeof path === 'string') return path
      const last = this.#byPath.get(path.join('/'))?.at(-1)
      if (last !== undefined && last !== index) return this.find(last, hops + 1)
      return this.#folders.has(path.join('/')) ? 'folder' : 'missing'
    }
    const key = item.target.segments.join('/')
    const same = this.#byPath.get(key) ?? []
    const file = same.findLast((other) => other < index) ?? same.find((other) => other > index)
    if (file !== undefined) return this.find(file, hops + 1)
    return this.#folders.has(key) ? 'folder' : 'missing'
  }

  /** The final path that a symbolic link leads to. */
  #follow(index: number, hops: number): readonly string[] | DeadLink {
    const known = this.#paths.get(index)
    if (known !== undefined) return known
    const item = this.#items[index]
    if (hops > maxHops) return 'too-far'
    if (item === undefined || item.target === null || item.target.isAbsolute) return 'outside'
    // Coming back here while following it means a loop.
    this.#paths.set(index, 'loop')
    const path = this.#walk(item.segments.slice(0, -1), item.target.segments, hops)
    this.#paths.set(index, path)
    return path
  }

  #walk(from: readonly string[], segments: readonly string[], hops: number): readonly string[] | DeadLink {
    let path = [...from]
    for (const segment of segments) {
      if (segment === '' || segment === '.') continue
      if (segment === '..') {
        if (path.pop() === undefined) return 'outside'
        continue
      }
      path.push(segment)
      const key = path.join('/')
      const last = this.#byPath.get(key)?.at(-1)
      if (last === undefined && !this.#folders.has(key)) return 'missing'
      if (last === undefined || this.#items[last]?.kind !== 'symlink') continue
      const resolved = this.#follow(last, hops + 1)
      if (typeof resolved === 'string') return resolved
      path = [...resolved]
    }
    return path
  }

  #addFolders(segments: readonly string[]): void {
    for (let length = segments.length; length > 0; length--) {
      const key = segments.slice(0, length).join('/')
      if (this.#folders.has(key)) return
      this.#folders.add(key)
    }
  }
}
