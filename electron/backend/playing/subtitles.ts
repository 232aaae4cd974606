import type { Item } from '../../../shared/item.ts'
import type { ServiceSubtitle } from '../putio/client.ts'

/** Subtitles of a film: a file in the space, or what the service has found. */
export interface Subtitle {
  item: Item
  /** A language code such as `en`; null if the name tells none. */
  language: string | null
}

/** More would only fill the player's menu. */
const maxSubtitles = 8
const subtitleName = /\.(srt|ass|ssa|vtt|sub)$/i
const subtitleFolder = /^(subs?|subtitles?)$/i

/**
 * The subtitles of a film, in the person's order of languages: those beside it with its name, and those in a folder `Subs` or
 * `Subtitles`, which count for every film of its name, or for the only one.
 */
export async function findSubtitles(
  film: Item,
  { list, languages }: { list(folderId: number): Promise<Item[]>; languages: readonly string[] },
): Promise<Subtitle[]> {
  const beside = await list(film.parentId)
  const stem = stemOf(film.name)
  const folders = beside.filter(({ kind, name }) => kind === 'folder' && subtitleFolder.test(name)).slice(0, 2)
  const inFolders = (await Promise.all(folders.map(({ id }) => list(id)))).flat()
  const ofEpisode = inFolders.find(({ kind, name }) => kind === 'folder' && isSame(name, stem))
  const own = ofEpisode === undefined ? [] : await list(ofEpisode.id)
  const isOnly = beside.filter(({ kind, name }) => kind === 'movie' && !/\bsample\b/i.test(name)).length <= 1
  const found = [
    ...beside.filter(({ name }) => belongs(name, stem)),
    ...inFolders.filter(({ name }) => isOnly || belongs(name, stem)),
    ...own,
  ].filter(({ kind, name }) => kind !== 'folder' && subtitleName.test(name))
  const names = namesOf(languages)
  return found
    .map((item) => rate(item, stem, names))
    .sort((a, b) => a.rank - b.rank || a.item.name.localeCompare(b.item.name, undefined, { numeric: true }))
    .slice(0, maxSubtitles)
    .map(({ item, language }) => ({ item, language }))
}

function stemOf(name: string): string {
  return name.replace(/\.[^.]+$/, '')
}

function isSame(a: string, b: string): boolean {
  return a.normalize().toLowerCase() === b.normalize().toLowerCase()
}

/** `film.srt`, `film.en.srt` and `film_English.srt` belong to `film.mkv`; `film 2.srt` does not. */
function belongs(name: string, stem: string): boolean {
  const start = name.normalize().slice(0, stem.normalize().length)
  return isSame(start, stem) && /^[._-]/.test(name.normalize().slice(start.length))
}

function rate(item: Item, stem: string, names: ReadonlyMap<string, string>): Subtitle & { rank: number } {
  const rest = belongs(item.name, stem) ? item.name.slice(stem.length) : item.name
  const tags = stemOf(rest)
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter(Boolean)
  const language = tags.map((tag) => names.get(tag) ?? codeOf(tag)).find((code) => code !== null) ?? null
  const preferred = [...new Set(names.values())]
  const at = language === null ? preferred.length : preferred.indexOf(language)
  // Preferred languages, then those without one, then others. Each first complete, then for the hard of hearing, then forced only.
  const special = tags.includes('forced') ? 2 : tags.some((tag) => ['sdh', 'cc', 'hi'].includes(tag)) ? 1 : 0
  return { item, language, rank: (at === -1 ? preferred.length + 1 : at) * 3 + special }
}

/**
 * Those that a service has found and that are not among the files already, as many as there is room for, in the person's order of
 * languages. What is in the film itself, the player has anyway.
 */
export function withoutKnown(
  found: readonly ServiceSubtitle[],
  { files, languages }: { files: readonly Subtitle[]; languages: readonly string[] },
): (ServiceSubtitle & { language: string | null })[] {
  const names = new Set(files.map(({ item }) => item.name.normalize().toLowerCase()))
  const wanted = [...new Set(namesOf(languages).values())]
  const rank = (language: string | null) => {
    const at = language === null ? -1 : wanted.indexOf(language)
    return at === -1 ? wanted.length : at
  }
  return found
    .filter(({ source, name }) => source !== 'film' && !names.has(name.normalize().toLowerCase()))
    .filter(({ source }) => source !== 'folder' || files.length === 0)
    .map((subtitle) => ({ ...subtitle, language: codeOf(subtitle.language ?? '') }))
    .sort((a, b) => rank(a.language) - rank(b.language))
    .slice(0, Math.max(0, maxSubtitles - files.length))
}

/** How file names call the person's languages: `german` and `deutsch` for `de`. */
function namesOf(languages: readonly string[]): Map<string, string> {
  const names = new Map<string, string>()
  for (const language of languages) {
    const code = codeOf(language.split(/[-_]/)[0] ?? '')
    if (code === null) continue
    names.set(code, code)
    for (const locale of ['en', code]) {
      const name = new Intl.DisplayNames([locale], { type: 'language' }).of(code)
      if (name !== undefined) names.set(name.toLowerCase(), code)
    }
  }
  return names
}

/** Tags that look like a code of a language, and are none. */
const noLanguages = new Set(['und', 'sdh', 'cc', 'hi', 'cd', 'web', 'rip', 'dvd', 'sub', 'hdr', 'the'])

/** The two-letter code for `de`, `deu` or `ger`; null for anything else. */
function codeOf(tag: string): string | null {
  if (!/^[a-z]{2,3}$/i.test(tag) || noLanguages.has(tag.toLowerCase())) return null
  const { language } = new Intl.Locale(tag)
  const isKnown = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' }).of(language) !== undefined
  return isKnown ? language : null
}
