import { expect, it } from 'vitest'
import { asLink } from './as-link.ts'
import { linksInText } from './links-in-text.ts'

const hash = '0123456789abcdef0123456789abcdef01234567'

it.each([
  [`magnet%3A%3Fxt%3Durn%3Abtih%3A${hash}`, `magnet:?xt=urn:btih:${hash}`],
  [
    ` magnet%3a%3fxt%3durn%3abtih%3a${hash}%26dn%3Da%2520b%26tr%3Dhttp%253A%252F%252Ft%252Fa `,
    `magnet:?xt=urn:btih:${hash}&dn=a%20b&tr=http%3A%2F%2Ft%2Fa`,
  ],
  [`MAGNET%3A%3FXT%3Durn%3Abtih%3A${hash}`, `MAGNET:?XT=urn:btih:${hash}`],
  [`magnet:%3Fxt%3Durn%3Abtih%3A${hash}`, `magnet:?xt=urn:btih:${hash}`],
  [`magnet%3A%3Fxt%3Durn%3Abtih%3A${hash}%26dn%3D%BA%DA`, `magnet:?xt=urn:btih:${hash}&dn=%BA%DA`],
  ['https%3A%2F%2Fa.example%2Fx%2520y', 'https://a.example/x%20y'],
  ['ftp%3a%2f%2fa.example%2fx', 'ftp://a.example/x'],
])('decodes a link that is percent-encoded as a whole: %s', (written, link) => {
  expect(asLink(written)).toBe(link)
})

it.each([
  `magnet:?xt=urn:btih:${hash}&dn=a%20b%26c`,
  'http://a.example/magnet%3A%3Fxt%3D1',
  'https://a.example/x?u=https%3A%2F%2Fb.example',
  'data:application/x-bittorrent;base64,AA%3D',
  'mailto%3Aa',
  '',
])('leaves any other link as it is: %s', (link) => {
  expect(asLink(link)).toBe(link)
})

it('decodes links as linksInText does', () => {
  for (const written of [`magnet%3A%3Fxt%3Durn%3Abtih%3A${hash}%26dn%3Da%2520b`, 'https%3A%2F%2Fa.example%2Fx%2520y'])
    expect(linksInText(written)).toEqual([asLink(written)])
})
