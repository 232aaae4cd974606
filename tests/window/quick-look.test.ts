import { describe, expect, it } from 'vitest'
import { isPlainDrawing, pictureSize } from '../../renderer/contents/picture-size.ts'
import { readText } from '../../renderer/features/look/read-text.ts'
import { pngOf } from '../support/contents.ts'

describe('the beginning of a text', () => {
  it.each([
    ['UTF-8', Buffer.from('größer'), 'utf-8', 'größer'],
    ['UTF-8 with a byte order mark', Buffer.from('\ufeffgrößer'), 'utf-8', 'größer'],
    ['UTF-16 with a byte order mark', Buffer.from('\ufeffgrößer', 'utf16le'), 'utf-16le', 'größer'],
    ['UTF-16 without one', Buffer.from('plain words, quite long', 'utf16le'), 'utf-16le', 'plain words, quite long'],
    ['big-endian UTF-16 without one', Buffer.from('plain words', 'utf16le').swap16(), 'utf-16be', 'plain words'],
    ['Windows-1252', Buffer.from('gr\xf6\xdfer', 'latin1'), 'windows-1252', 'größer'],
  ])('is decoded from %s', (_what, bytes, encoding, line) => {
    expect(readText(bytes, false)).toEqual({ lines: [line], numbers: [1], encoding })
  })

  it('is not text if it has zero bytes in it', () => {
    expect(readText(Buffer.from([0x50, 0x4b, 0, 0, 0, 7, 7, 7]), false)).toBeNull()
  })

  it('numbers lines with all kinds of ends', () => {
    expect(readText(Buffer.from('a\nb\r\nc\rd'), false)).toMatchObject({
      lines: ['a', 'b', 'c', 'd'],
      numbers: [1, 2, 3, 4],
    })
  })

  it.each([1, 2, 3])('loses a character that the limit cuts %i bytes before its end', (missing) => {
    const bytes = Buffer.from('ab😀')
    expect(readText(bytes.subarray(0, bytes.length - missing), true)).toMatchObject({
      lines: ['ab'],
      encoding: 'utf-8',
    })
  })

  it('keeps a whole character at the limit', () => {
    expect(readText(Buffer.from('ab😀'), true)).toMatchObject({ lines: ['ab😀'] })
  })

  it('splits a line of a million letters, and numbers it once', () => {
    const { lines = [], numbers = [] } = readText(Buffer.from(`${'x'.repeat(1_000_000)}\nend`), false) ?? {}
    expect(lines.every((line) => line.length <= 2000)).toBe(true)
    expect(lines.length).toBe(501)
    expect(numbers.filter((number) => number > 0)).toEqual([1, 2])
  })

  it('ends a million empty lines at a limit', () => {
    expect(readText(Buffer.alloc(1_000_000, '\n'), true)?.lines.length).toBe(100_000)
  })
})

it('reads the size of a picture from its first bytes', () => {
  expect(pictureSize(pngOf(640, 360).subarray(0, 100))).toEqual({ width: 640, height: 360 })
})

/** A GIF whose first frame need not fit its screen. */
function gifOf(screen: number, frame: number): Buffer {
  const bytes = Buffer.alloc(13 + 8 + 11)
  bytes.write('GIF89a', 0, 'latin1')
  for (const at of [6, 8]) bytes.writeUInt16LE(screen, at)
  bytes.set([0x21, 0xf9, 4, 0, 0, 0, 0, 0, 0x2c], 13)
  for (const at of [26, 28]) bytes.writeUInt16LE(frame, at)
  return bytes
}

it('reads the size of an animation', () => {
  expect(pictureSize(gifOf(20, 20))).toEqual({ width: 20, height: 20 })
})

it.each([
  ['whose first frame is larger than its screen', gifOf(1, 20_000), 'hugePicture'],
  ['that is cut before its first frame', gifOf(1, 20_000).subarray(0, 24), 'brokenPicture'],
  ['of 200 megapixels', pngOf(20_000, 10_000), 'hugePicture'],
  ['that is a line of a hundred thousand pixels', pngOf(100_000, 1), 'hugePicture'],
  ['without pixels', pngOf(0, 0), 'brokenPicture'],
  ['that is empty', Buffer.alloc(0), 'brokenPicture'],
  ['that is text', Buffer.from('hello'), 'brokenPicture'],
])('refuses a picture %s', (_what, bytes, problem) => {
  expect(() => pictureSize(bytes)).toThrow(problem)
})

it.each([
  ['<svg><rect/></svg>', true],
  ['<svg><use href="#a"/></svg>', false],
  ['<!DOCTYPE svg [<!ENTITY a "b">]><svg/>', false],
  ['<svg:svg xmlns:svg="x"><svg:use/></svg:svg>', false],
  ['<svg><image href="http://x/"/></svg>', false],
  ['<p>no drawing</p>', false],
])('draws only simple drawings: %s', (source, isPlain) => {
  expect(isPlainDrawing(source)).toBe(isPlain)
})
