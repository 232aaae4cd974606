import { expect, it } from 'vitest'
import { maxReadBytes } from '../../shared/limits.ts'
import { viewerOf } from './viewers.ts'

it.each([
  ['photo.JPG', 'image', 'picture'],
  ['drawing.svg', 'image', 'drawing'],
  ['notes.txt', 'text', 'text'],
  ['README', 'file', 'text'],
  ['subtitles.srt', 'file', 'text'],
  ['paper.pdf', 'pdf', 'pdf'],
  ['film.mkv', 'movie', 'film'],
  ['film.avi', 'movie', 'facts'],
  ['song.flac', 'audio', 'sound'],
  ['book.epub', 'file', 'archive'],
  ['letters.woff2', 'file', 'font'],
  ['unknown.xyz', 'file', 'facts'],
  ['no extension', 'file', 'facts'],
  ['a folder.txt', 'folder', 'facts'],
] as const)('shows %s (%s) as %s', (name, kind, viewer) => {
  expect(viewerOf({ name, kind, sizeBytes: 1 })).toBe(viewer)
})

it('shows only the facts of a picture that is too large to read', () => {
  expect(viewerOf({ name: 'photo.jpg', kind: 'image', sizeBytes: maxReadBytes + 1 })).toBe('facts')
  expect(viewerOf({ name: 'log.txt', kind: 'text', sizeBytes: 10 * maxReadBytes })).toBe('text')
})
