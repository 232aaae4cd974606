import { freeName, safeName, twinKey } from '../../engine/text/names.ts'
import { quoted, unsafe } from './archive-error.ts'

interface Folder {
  path: string[]
  /** The folders inside, by their name in the archive. */
  folders: Map<string, Folder>
  /** The taken names, as a file system compares them that ignores case and Unicode composition. */
  taken: Set<string>
  twins: Map<string, number>
}

/** The path of an entry, and whether a name in it was changed. */
export interface Placed {
  path: string[]
  isRenamed: boolean
}

/** The maximum number of entries with the same name in one folder. */
export const maxTwins = 100

/** Turns the names in one archive into paths whose segments are safe and distinct on every file system. */
export class Tree {
  readonly folders: string[][] = []
  readonly #archive: string
  readonly #root: Folder = newFolder([])
  #isRenamed = false

  constructor(archive: string) {
    this.#archive = archive
  }

  addFile(segments: readonly string[]): Placed {
    this.#isRenamed = false
    const folder = this.#folder(segments.slice(0, -1))
    const path = [...folder.path, this.#freeIn(folder, segments.at(-1) ?? '')]
    return { path, isRenamed: this.#isRenamed }
  }

  addFolder(segments: readonly string[]): Placed {
    this.#isRenamed = false
    const { path } = this.#folder(segments)
    return { path, isRenamed: this.#isRenamed }
  }

  #folder(segments: readonly string[]): Folder {
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
    if (name !== entry.normalize('NFC')) this.#isRenamed = true
    return name
  }
}

function newFolder(path: string[]): Folder {
  return { path, folders: new Map(), taken: new Set(), twins: new Map() }
}
