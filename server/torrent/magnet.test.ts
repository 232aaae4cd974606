import { expect, it } from 'vitest'
import { readMagnet } from './magnet.ts'

const hash = 'c12fe1c06bba254a9dc9f519b335aa7c1367a88a'

it.each([
  [`magnet:?xt=urn:btih:${hash}&dn=A+b&tr=udp%3A%2F%2Ft.example%3A80&x.pe=10.0.0.1:5`, 'plain'],
  [
    `MAGNET:?XT=URN:BTIH:${hash.toUpperCase()}&DN=A+b&TR=udp%3A%2F%2Ft.example%3A80&X.PE=10.0.0.1:5`,
    'keys in capitals',
  ],
  [`magnet:?xt=urn%3Abtih%3A${hash}&dn=A%20b&tr.1=udp://t.example:80&x.pe=10.0.0.1%3A5`, 'escapes and numbered keys'],
  ['magnet:?xt.1=urn:btih:YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK&dn=A+b&tr=udp://t.example:80&x.pe=10.0.0.1:5', 'base32'],
])('reads %s (%s)', (link) => {
  expect(readMagnet(link)).toEqual({
    infoHash: hash,
    name: 'A b',
    trackers: ['udp://t.example:80'],
    webSeeds: [],
    peers: ['10.0.0.1:5'],
  })
})

it.each([
  ['magnet:?dn=x', 'This magnet link names no torrent.'],
  [`magnet:?xt=urn:btmh:1220${hash}`, 'This magnet link is of the second version only, which cannot be fetched yet.'],
  ['http://h/a', 'This is not a magnet link.'],
])('refuses %s', (link, sentence) => {
  expect(() => readMagnet(link)).toThrow(sentence)
})
