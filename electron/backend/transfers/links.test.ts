import { expect, it } from 'vitest'
import { extractLinks } from './links.ts'

it('finds links in prose, without the punctuation around them', async () => {
  const text = `See http://example.com/a.mp4, (https://example.com/b_(1).mkv) and <ftp://ftp.example.com/c.iso>.
    "https://example.com/d?x=1&y=2" or [https://example.com/e]! Even http://example.com/f...`
  expect(await extractLinks(text, null)).toEqual([
    'http://example.com/a.mp4',
    'https://example.com/b_(1).mkv',
    'ftp://ftp.example.com/c.iso',
    'https://example.com/d?x=1&y=2',
    'https://example.com/e',
    'http://example.com/f',
  ])
})

it('finds magnets and bare torrent hashes, each once', async () => {
  const hash = 'c12fe1c06bba254a9dc9f519b335aa7c1367a88a'
  const text = `magnet:?xt=urn:btih:${hash}&dn=a+b&tr=http%3A%2F%2Ft%2F and again ${hash.toUpperCase()}; new: ${hash.replace('c', 'd')}`
  expect(await extractLinks(text, null)).toEqual([
    `magnet:?xt=urn:btih:${hash}&dn=a+b&tr=http%3A%2F%2Ft%2F`,
    `magnet:?xt=urn:btih:${hash.replace('c', 'd')}`,
  ])
})

it('finds 200 links in a long text, in order, each once', async () => {
  const links = Array.from({ length: 200 }, (_, index) => `https://host${index % 7}.example/file-${index}.bin`)
  const text = [...links, ...links].map((link, index) => `line ${index}: ${link}#part then words`).join('\n')
  expect((await extractLinks(text, null)).map((link) => link.replace('#part', ''))).toEqual(links)
})

it('finds the addresses behind the text of an HTML page', async () => {
  const html =
    '<p>Get <a href="https://example.com/film.mkv">the film</a> or <img src=\'http://example.com/x.png\'> http://plain.example/y</p><a href="/local">no</a><a href="javascript:1">no</a>'
  expect(await extractLinks('the film', html)).toEqual([
    'https://example.com/film.mkv',
    'http://example.com/x.png',
    'http://plain.example/y',
  ])
})

it.each([
  '',
  'no links here',
  'http://',
  'https:// spaced.example',
  'mailto:a@b.c',
  'C:\\file.txt',
  'javascript:alert(1)',
  'file:///etc/passwd',
  'ttp://x.example',
])('finds no link in %j', async (text) => {
  expect(await extractLinks(text, null)).toEqual([])
})
