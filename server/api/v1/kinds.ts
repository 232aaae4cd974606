import { type ItemKind, itemKinds } from '../../core/space/kinds.ts'

/** API v1's name and code of each kind. Source: API v1 §5.2. */
const names: Record<ItemKind, { word: string; code: number }> = {
  folder: { word: 'folder', code: 0 },
  file: { word: 'file', code: 1 },
  audio: { word: 'audio', code: 2 },
  movie: { word: 'movie', code: 3 },
  image: { word: 'image', code: 4 },
  archive: { word: 'compressed', code: 5 },
  pdf: { word: 'pdf', code: 6 },
  document: { word: 'ms_doc', code: 7 },
  text: { word: 'text', code: 8 },
  flash: { word: 'swf', code: 9 },
}

export function kindWord(kind: ItemKind): string {
  return names[kind].word
}

export function kindCode(kind: ItemKind): string {
  return `${names[kind].code}`
}

/** The kind for API v1's name, its code as text, or `video`; null when there is none. */
export function kindOfWord(text: string): ItemKind | null {
  const wanted = text.toLowerCase() === 'video' ? 'movie' : text.toLowerCase()
  return itemKinds.find((kind) => kindWord(kind) === wanted || kindCode(kind) === wanted) ?? null
}
