import { expect, it } from 'vitest'
import { linksInHtml, linksInPage } from './links-in-html.ts'

const base = 'http://h.example/films/index.html?page=1'

it.each([
  [
    '<p>Get <a href="https://h.example/film.mkv">the film</a> or <img src=\'http://h.example/x.png\'> http://p.example/y',
    null,
    ['https://h.example/film.mkv', 'http://h.example/x.png', 'http://p.example/y'],
  ],
  ['<a href="//h.example/a">a</a><a href="/b">b</a>', null, ['https://h.example/a']],
  [
    '<a href="//o.example/a">a</a><a href="/b">b</a><a href="c.mkv">c</a><a href="../d">d</a>',
    base,
    ['http://o.example/a', 'http://h.example/b', 'http://h.example/films/c.mkv', 'http://h.example/d'],
  ],
  ['<base href="/other/"><a href=c.mkv>c</a>', base, ['http://h.example/other/c.mkv']],
  ['<a href="#top">t</a><a href="?page=2">n</a><a href="javascript:1">j</a><a href="mailto:a@b.c">m</a>', base, []],
  [
    '<link href="http://h.example/s.css"><script src="http://h.example/s.js">"http://h.example/in.js"</script><style>url(http://h.example/s.png)</style><img src="icon.gif">',
    base,
    [],
  ],
  [
    '<a href="http://h.example/a?x=1&amp;y=2">http://h.example/a?x=1&amp;<wbr>y=2</a>',
    null,
    ['http://h.example/a?x=1&y=2'],
  ],
  [
    '<td>http://h.example/a</td><td>1 GB</td><li>http://h.example/b<li>x',
    null,
    ['http://h.example/a', 'http://h.example/b'],
  ],
  ['<a href=" http://h.example/My Film.mkv\n">x</a>', null, ['http://h.example/My%20Film.mkv']],
  ['<a href="http://h.example/Ann\'s.mkv">x</a>', null, ["http://h.example/Ann's.mkv"]],
  [
    '<a href="MAGNET:?XT=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a&amp;dn=a b">m</a>',
    null,
    ['magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a&dn=a%20b'],
  ],
  ['<a href="http://h.example/a#one">1</a><a href="http://h.example/a#two">2</a>', null, ['http://h.example/a#one']],
])('finds the links in %s', async (html, from, links) => {
  expect(await linksInHtml(html, from)).toEqual(links)
})

it('reads a body that is not HTML as text', async () => {
  expect(await linksInPage('http://h.example/My Film.mkv\nhttp://h.example/b', base)).toEqual([
    'http://h.example/My%20Film.mkv',
    'http://h.example/b',
  ])
  expect(await linksInPage('<!DOCTYPE html><a href=b>b</a>', base)).toEqual(['http://h.example/films/b'])
})

it('yields to other work while it reads 1 MB', async () => {
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 1)
  await linksInHtml('<a href="http://h.example/a">http://h.example/b</a>'.repeat(20_000), null)
  clearInterval(timer)
  expect(turns).toBeGreaterThan(5)
})
