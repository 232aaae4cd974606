import { readFileSync, statSync } from 'node:fs'
import { expect, it } from 'vitest'
import { writePlaylist } from '../../electron/backend/playing/playlist.ts'
import { findSubtitles } from '../../electron/backend/playing/subtitles.ts'
import type { Item } from '../../shared/item.ts'
import { has } from '../support/facilities.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

/** A folder by its names; one that ends in a slash is a folder. */
type Folder = { [name: string]: Folder | null }

function spaceOf(root: Folder) {
  const folders = new Map<number, Item[]>()
  let lastId = 0
  const fill = (folder: Folder, parentId: number) => {
    const items = Object.entries(folder).map(([name, inside]): Item => {
      const id = ++lastId
      if (inside !== null) fill(inside, id)
      const kind = inside !== null ? 'folder' : /\.mkv$/.test(name) ? 'movie' : 'file'
      return { id, parentId, name, kind, sizeBytes: 1, addedAtMs: null }
    })
    folders.set(parentId, items)
  }
  fill(root, 0)
  return async (film: string, languages: string[]) => {
    const item = folders.get(0)?.find(({ name }) => name === film)
    if (item === undefined) throw new Error('no film')
    const found = await findSubtitles(item, { languages, list: async (id) => folders.get(id) ?? [] })
    return found.map(({ item: { name }, language }) => `${name} ${language}`)
  }
}

it('finds the subtitles beside a film, in the person’s order of languages', async () => {
  const names = ['film.srt', 'film.en.srt', 'Film.EN.sdh.srt', 'film.de.forced.ass', 'film.de.ass', 'film_German.vtt']
  const others = ['film 2.srt', 'film2.en.srt', 'film.en.txt', 'film.nfo', 'filmsrt', 'other.srt']
  const beside = Object.fromEntries([...names, 'film.pt-BR.sub', ...others].map((name) => [name, null]))
  const find = spaceOf({ 'film.mkv': null, 'film 2.mkv': null, ...beside })
  expect(await find('film.mkv', ['de-AT', 'en-GB'])).toEqual([
    'film_German.vtt de',
    'film.de.ass de',
    'film.de.forced.ass de',
    'film.en.srt en',
    'Film.EN.sdh.srt en',
    'film.srt null',
    'film.pt-BR.sub pt',
  ])
  expect((await find('film.mkv', ['pt']))[0]).toBe('film.pt-BR.sub pt')
  expect(await find('film 2.mkv', ['de'])).toEqual(['film 2.srt null'])
})

it('finds those in a folder for subtitles, of an episode or of the only film', async () => {
  const season = { 'e1.mkv': null, 'e2.mkv': null, Subs: { 'e1.en.srt': null, 'e2.eng.srt': null, 'x.srt': null } }
  expect(await spaceOf(season)('e2.mkv', ['en'])).toEqual(['e2.eng.srt en'])
  const pack = { 'e1.mkv': null, 'e2.mkv': null, subtitles: { e1: { '2_English.srt': null, '3_Deutsch.srt': null } } }
  expect(await spaceOf(pack)('e1.mkv', ['de', 'en'])).toEqual(['3_Deutsch.srt de', '2_English.srt en'])
  expect(await spaceOf(pack)('e2.mkv', ['de'])).toEqual([])
  const film = { 'film.mkv': null, 'film sample.mkv': null, Subs: { '2_eng.srt': null, '10_ger.srt': null } }
  expect(await spaceOf(film)('film.mkv', [])).toEqual(['2_eng.srt en', '10_ger.srt de'])
})

it('passes a limited number', async () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`film.${at}.srt`, null]))
  expect((await spaceOf({ 'film.mkv': null, ...many })('film.mkv', ['en'])).length).toBe(8)
})

it('writes playlists that no title can add a line to', () => {
  const folder = temporaryFolder('playlist')
  const link = 'http://127.0.0.1:1/s/0/a.mp4'
  const titles = [
    'a',
    '#EXTVLCOPT:sout=x',
    'b\nhttp://evil/',
    'c\r\n#EXTVLCOPT:x',
    'd\u2028e\u0085f',
    '<&>',
    '\ud800',
    '',
    '##',
  ]
  const path = writePlaylist(
    folder,
    titles.map((title, at) => ({ link, title, startSeconds: at === 0 ? 42 : null })),
  )
  const lines = readFileSync(path, 'utf8').split('\n')
  expect(lines.filter((line) => line === link).length).toBe(titles.length)
  expect(
    lines.filter(
      (line) => !/^(#EXTM3U|#EXTINF:-1,(?!#)[^\r\u2028\u0085<>&]*|#EXTVLCOPT:start-time=42\.000|)$/.test(line),
    ),
  ).toEqual(titles.map(() => link))
  if (has('permissions of Unix')) expect(statSync(path).mode & 0o777).toBe(0o600)
})
