import { quoted, unsafe } from './archive-error.ts'
import { decodeNames, type RawName } from './entry-name.ts'
import { type DeadLink, LinkFinder, type Placeable } from './links.ts'
import type { Note } from './note.ts'
import { type Placed, Tree } from './tree.ts'

/** The fields of every entry of an archive. */
interface Named {
  name: RawName
  /** True when backslashes also separate folders, as in archives made on Windows. */
  hasBackslashes: boolean
}

/** An entry of an archive before it has a path. The bytes of a file are already on the disk, under a number. */
export type Found = Named &
  (
    | { kind: 'file'; file: string; sizeBytes: number }
    | { kind: 'folder' }
    | { kind: 'symlink' | 'hard-link'; target: RawName }
    | { kind: 'left-out'; why: string }
  )

export type FoundFile = Extract<Found, { kind: 'file' }>

/** A file of the archive with its path. For a link (`isCopy`), `file` holds the bytes of its target. */
export interface PlacedFile {
  path: string[]
  file: string
  sizeBytes: number
  isCopy: boolean
}

interface Placement {
  found: Found
  text: string
  segments: string[]
  /** True when a part that leads outside was removed from the name. */
  isCut: boolean
}

/**
 * Gives every entry of an archive its path: names are decoded and made safe, and links to a file in the archive become copies of
 * it. Entries that are left out or renamed are noted.
 */
export async function placeAll(
  found: readonly Found[],
  { archive, maxDepth, note }: { archive: string; maxDepth: number; note: Note },
): Promise<{ files: PlacedFile[]; folders: string[][] }> {
  const texts = await decodeNames(found.flatMap((one) => ('target' in one ? [one.name, one.target] : [one.name])))
  const isOnlyBackslashes = !texts.some((text) => text.includes('/'))
  const placements: Placement[] = []
  const targets: string[] = []
  let next = 0
  for (const one of found) {
    const text = texts[next++] ?? ''
    targets.push('target' in one ? (texts[next++] ?? '') : '')
    // Names with backslashes and not a single slash come from a Windows program, even if it claims to be Unix.
    const hasBackslashes = one.hasBackslashes || isOnlyBackslashes
    const cut = segmentsOf(text, hasBackslashes)
    if (cut.segments.length > maxDepth) {
      const depth = `which lies ${cut.segments.length} folders deep; at most ${maxDepth} are unpacked`
      throw unsafe(archive, `it holds ${quoted(text)}, ${depth}`)
    }
    const isFolder = one.kind === 'file' && one.sizeBytes === 0 && hasBackslashes && text.endsWith('\\')
    placements.push({ found: isFolder ? { ...one, kind: 'folder' } : one, text, ...cut })
  }
  const fileOf = linkedFiles(placements, targets)
  const tree = new Tree(archive)
  const files: PlacedFile[] = []
  for (const [index, place] of placements.entries()) {
    const { found: one, text, segments } = place
    if (one.kind === 'left-out') {
      note.leftOut(text, one.why)
      continue
    }
    if (one.kind === 'folder') {
      if (segments.length > 0) noteName(place, tree.addFolder(segments), note)
      continue
    }
    const source = one.kind === 'file' ? one : fileOf(index)
    if (typeof source === 'string') {
      note.leftOut(text, whyDead(source, targets[index] ?? ''))
      continue
    }
    const placed = tree.addFile(segments.length === 0 ? ['unnamed'] : segments)
    noteName(place, placed, note)
    files.push({ path: placed.path, file: source.file, sizeBytes: source.sizeBytes, isCopy: one.kind !== 'file' })
  }
  return { files, folders: tree.folders }
}

/** The segments of a path inside the archive: roots, drives and parent steps are dropped, as other unpackers do. */
function segmentsOf(text: string, hasBackslashes: boolean): { segments: string[]; isCut: boolean } {
  const pieces = text.split(hasBackslashes ? /[/\\]/ : '/')
  const segments: string[] = []
  let isCut = pieces.length > 1 && pieces[0] === ''
  for (const piece of pieces) {
    if (piece === '' || piece === '.') continue
    const isDrive = segments.length === 0 && pieces.length > 1 && /^[a-z]:$/i.test(piece)
    if (piece === '..' || isDrive) isCut = true
    else segments.push(piece)
  }
  return { segments, isCut }
}

function noteName({ text, segments, isCut }: Placement, { path, isRenamed }: Placed, note: Note): void {
  if (isRenamed || isCut || segments.length === 0) note.renamed(text, path.join('/'))
}

/** Resolves links to files; most archives contain no link, and then nothing is looked up. */
function linkedFiles(
  placements: readonly Placement[],
  targets: readonly string[],
): (index: number) => FoundFile | DeadLink {
  if (!placements.some(({ found }) => 'target' in found)) return () => 'missing'
  const indexes: number[] = []
  const items: Placeable[] = []
  const itemOf = new Map<number, number>()
  for (const [index, { found, segments }] of placements.entries()) {
    if (found.kind === 'left-out') continue
    const target = 'target' in found ? targetOf(found, targets[index] ?? '') : null
    itemOf.set(index, items.length)
    indexes.push(index)
    items.push({ kind: found.kind, segments, target })
  }
  const finder = new LinkFinder(items)
  return (index) => {
    const itemIndex = finder.find(itemOf.get(index) ?? -1)
    if (typeof itemIndex === 'string') return itemIndex
    const found = placements[indexes[itemIndex] ?? -1]?.found
    return found?.kind === 'file' ? found : 'missing'
  }
}

function targetOf({ kind, hasBackslashes }: Found, target: string): Placeable['target'] {
  // The target of a hard link is the name of an entry, and is parsed like one.
  if (kind === 'hard-link') return { isAbsolute: false, segments: segmentsOf(target, hasBackslashes).segments }
  const isAbsolute = /^([/\\]|[a-z]:[/\\])/i.test(target)
  return { isAbsolute, segments: target.split(hasBackslashes ? /[/\\]/ : '/') }
}

function whyDead(dead: DeadLink, target: string): string {
  switch (dead) {
    case 'outside':
      return `a link to ${quoted(target)}`
    case 'missing':
      return `a link to ${quoted(target)}, which is not in it`
    case 'folder':
      return 'a link to a folder'
    case 'loop':
      return 'a link that leads to itself'
    case 'too-far':
      return 'a link over too many other links'
    default:
      return dead satisfies never
  }
}
