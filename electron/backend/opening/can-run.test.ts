import { describe, expect, it } from 'vitest'
import { runsByContent, runsByName } from './can-run.ts'

/** The beginning of a zip: an entry that is not compressed, its content, and the name of the next entry. */
function zipOf(name: string, content: string, next = ''): Buffer {
  const head = (name: string) => `PK\x03\x04${'\0'.repeat(22)}${String.fromCharCode(name.length)}\0\0\0${name}`
  return Buffer.from(`${head(name)}${content}${head(next)}`, 'latin1')
}

describe('what can run code', () => {
  it.each([
    'setup.exe',
    'SETUP.EXE',
    'photo.jpg.exe',
    'photo\u202egpj.exe',
    'setup.exe.',
    'setup.exe ',
    'shortcut.lnk',
    'site.url',
    'app.desktop',
    'run.sh',
    'x.jar',
    'disk.iso',
    'page.html',
    'drawing.svg',
    'macro.docm',
    'script.py',
    '.bat',
    '.wsf',
    'x.wsc',
    'x.mobileconfig',
    'x.of-a-program-of-tomorrow',
    'noext',
  ])('is known by its name: %j', (name) => {
    expect(runsByName(name)).toBe(true)
  })

  it.each(['letter.doc', 'table.xlsx', 'book.epub', 'archive.zip', 'photo.exe.jpg', '.exe.txt'])(
    'is not every name: %j',
    (name) => {
      expect(runsByName(name)).toBe(false)
    },
  )

  it.each([
    ['a Windows program', Buffer.from('MZ\x90\x00')],
    ['a Linux program', Buffer.from('\x7fELF', 'latin1')],
    ['a macOS program', Buffer.from([0xcf, 0xfa, 0xed, 0xfe])],
    ['a script', Buffer.from('#!/bin/sh\n')],
    ['a script behind a byte order mark', Buffer.from('\ufeff#!/bin/sh\n')],
    ['a script in UTF-16', Buffer.from('\ufeff#!/bin/sh\n', 'utf16le')],
    ['a shortcut', Buffer.from('\n[Desktop Entry]\nExec=x')],
    ['a page', Buffer.from('  <!DOCTYPE html><p>')],
    ['a drawing', Buffer.from('<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="">')],
    ['a drawing behind many comments', Buffer.from(`<?xml?>${'<!-- -->'.repeat(100)}<svg>`)],
    ['a page behind a comment', Buffer.from('<!-- x --><html>')],
    ['a Java program', Buffer.from(`PK\x03\x04${'\0'.repeat(22)}\x09\0\0\0META-INF/`, 'latin1')],
    [
      'a Java program that has the word of a document in it',
      zipOf('META-INF/MANIFEST.MF', 'mimetypeapplication/epub+zip'),
    ],
    ['a Java program that begins like a document', zipOf('mimetype', 'application/java-archive', 'META-INF/')],
    ['an installer', Buffer.from([0xd0, 0xcf, 0x11, 0xe0])],
  ])('is known by its first bytes: %s', (_what, head) => {
    expect(runsByContent('harmless.txt', head)).toBe(true)
  })

  it.each([
    ['old.doc', Buffer.from([0xd0, 0xcf, 0x11, 0xe0])],
    ['new.docx', Buffer.from('PK\x03\x04[Content_Types].xml', 'latin1')],
    ['book.epub', zipOf('mimetype', 'application/epub+zip', 'META-INF/container.xml')],
    ['letter.odt', zipOf('mimetype', 'application/vnd.oasis.opendocument.text', 'META-INF/manifest.xml')],
    ['data.xml', Buffer.from('<?xml version="1.0"?><data/>')],
    ['empty', Buffer.alloc(0)],
    ['notes.txt', Buffer.from('MY notes')],
  ])('is not every content: %s', (name, head) => {
    expect(runsByContent(name, head)).toBe(false)
  })

  it('is decided at once for a file of comments', () => {
    // A backtracking expression would take longer than the universe has existed.
    expect(runsByContent('x.xml', Buffer.from(`<?xml?>${'<!---->'.repeat(500)}<data/>`))).toBe(false)
    expect(runsByContent('x.xml', Buffer.from('<!--'.repeat(1000)))).toBe(false)
  })
})
