import { expect, it } from 'vitest'
import { isWebPage } from './web-page.ts'

const page = '<!DOCTYPE html><title>Sign in</title>'

it.each([
  ['a page', 'text/html', Buffer.from(page), true],
  ['a page with a byte order mark', 'text/html; charset=utf-8', Buffer.from(`\ufeff \n${page}`), true],
  ['a page in UTF-16', 'text/html', Buffer.from(`\ufeff${page}`, 'utf16le'), true],
  ['a page in big-endian UTF-16', 'text/html', Buffer.from(`\ufeff${page}`, 'utf16le').swap16(), true],
  ['a page in UTF-16 without a byte order mark', 'application/xhtml+xml', Buffer.from(page, 'utf16le'), true],
  ['a page declared as a film', 'video/mp4', Buffer.from(page), false],
  ['a film declared as a page', 'text/html', Buffer.from([0, 0, 0, 0x20, 0x66, 0x74, 0x79, 0x70]), false],
  ['an empty body', 'text/html', Buffer.alloc(0), false],
  ['a page without a type', null, Buffer.from(page), false],
])('tells whether a body is a web page: %s', (_what, type, head, isPage) => {
  expect(isWebPage(type, head)).toBe(isPage)
})
