import { freeName, safeName, twinKey } from '../../engine/names.ts'
import { quoted, unsafe } from './archive-error.ts'

interface Folder {
  path: string[]
  /** Folders below, by their name in the archive. */
  folders: Map<string, Folder>
  /** Names that are taken here, as a file system sees them that ignores case and composition. */
  taken: Set<string>
  twins: Map<string, number>
}

const maxTwins = 100

/**
 * Turns the names in one archive into places in a tree: safe, distinct segments, whatever file system they come to. A name that leads
 * outside, or hides what it is, stops the whole archive.
 */
export class Tree {
  readonly folders: string[][] = []
  readonly #archive: string
  readonly #maxDepth: number
  readonly #root: Folder = newFolder([])

  constructor(archive: string, maxDepth: number) {
    this.#archive = archive
    this.#maxDepth = maxDepth
  }

  /** Gives a file its place. `separators` are the characters that part folders in this format. */
  addFile(entry: string, separators: RegExp): string[] {
    const segments = this.#segments(entry, separators)
    const name = segments.pop()
    if (name === undefined) throw unsafe(this.#archive, `it holds a file without a name, ${quoted(entry)}`)
    const folder = this.#folder(segments)
    return [...folder.path, this.#freeIn(folder, name)]
  }

  addFolder(entry: string, separators: RegExp): void {
    this.#folder(this.#segments(entry, separators))
  }

  #segments(entry: string, separators: RegExp): string[] {
    const refuse = (why: string) => unsafe(this.#archive, `it holds ${quoted(entry)}, ${why}`)
    if (entry.includes('\0')) throw refuse('a name with a NUL character')
    // Both slashes count here: what is a plain character on one system parts folders on another.
    const everywhere = entry.split(/[/\\]/)
    if (/^[/\\]/.test(entry)) throw refuse('a name that begins at the root of the disk')
    if (everywhere.includes('..')) throw refuse('a name that leads outside of its folder')
    const first = everywhere.find((segment) => segment !== '' && segment !== '.')
    if (first !== undefined && /^[a-z]:/i.test(first)) throw refuse('a name that begins with a drive')
    const segments = entry.split(separators).filter((segment) => segment !== '' && segment !== '.')
    if (segments.length > this.#maxDepth) {
      throw refuse(`which lies ${segments.length} folders deep; at most ${this.#maxDepth} are unpacked`)
    }
    return segments
  }

  #folder(segments: string[]): Folder {
    let folder = this.#root
    for (const segment of segments) {
      let next = folder.folders.get(segment)
      if (next === undefined) {
        next = newFolder([...folder.path, this.#freeIn(folder, segment)])
        folder.folders.set(segment, next)
        this.folders.push(next.path)
      }
      folder = next
    }
    return folder
  }

  #freeIn(folder: Folder, entry: string): string {
    const safe = safeName(entry)
    const twins = (folder.twins.get(twinKey(safe)) ?? 0) + 1
    folder.twins.set(twinKey(safe), twins)
    if (twins > maxTwins) throw unsafe(this.#archive, `it holds more than ${maxTwins} items named ${quoted(safe)}`)
    const name = freeName(safe, (candidate) => folder.taken.has(twinKey(candidate)))
    folder.taken.add(twinKey(name))
    return name
  }
}

function newFolder(path: string[]): Folder {
  return { path, folders: new Map(), taken: new Set(), twins: new Map() }
}
