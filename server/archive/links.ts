import { maxTwins } from './tree.ts'

/** Something in an archive at its place there. A link says what it leads to: a hard link by a path from the top, as archives do. */
export interface Placeable {
  kind: 'file' | 'folder' | 'symlink' | 'hard-link'
  segments: readonly string[]
  /** Null for what is no link. */
  target: { isAbsolute: boolean; segments: readonly string[] } | null
}

/** Why a link leads to no file in its archive. */
export type DeadLink = 'outside' | 'missing' | 'folder' | 'loop' | 'too-far'

/** As many links as Linux follows one after the other. */
const maxHops = 40

/**
 * Finds for each link the file in the archive that it means in the end, as a file system with all of it would: over other links, also
 * of folders, whatever their order. A hard link means the file of that name that came before it, where there is one. Each link is followed
 * once, so that it takes time in proportion to the archive.
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
      // More of one name are refused by the tree: there is no need to look through them.
      else if (same.length <= maxTwins) same.push(index)
    }
  }

  /** The index of the file that a link means. */
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
    const meant = same.findLast((other) => other < index) ?? same.find((other) => other > index)
    if (meant !== undefined) return this.find(meant, hops + 1)
    return this.#folders.has(key) ? 'folder' : 'missing'
  }

  /** The path of what a symbolic link leads to, which is none itself. */
  #follow(index: number, hops: number): readonly string[] | DeadLink {
    const known = this.#paths.get(index)
    if (known !== undefined) return known
    const item = this.#items[index]
    if (hops > maxHops) return 'too-far'
    if (item === undefined || item.target === null || item.target.isAbsolute) return 'outside'
    // Whoever comes here again on the path goes round in a circle.
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
      const led = this.#follow(last, hops + 1)
      if (typeof led === 'string') return led
      path = [...led]
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
