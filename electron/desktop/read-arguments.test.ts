import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { readArguments } from './read-arguments.ts'

// Paths of this system: with a drive letter on Windows.
const [home, other, third] = [resolve('/home/mary'), resolve('/tmp/c.TORRENT'), resolve('/tmp/d e.torrent')]
const magnet = `magnet:?xt=urn:btih:${'a'.repeat(40)}`

it('takes magnet links and torrent files, relative to the working directory of the command', () => {
  expect(
    readArguments(['/opt/putdesk', '.', magnet, 'a b.torrent', other, pathToFileURL(third).href, 'a b.torrent'], home),
  ).toEqual({ text: magnet, paths: [resolve(home, 'a b.torrent'), other, third] })
})

it.each([
  '--load-extension=/tmp/x.torrent',
  '-x.torrent',
  'https://example.org/a.torrent',
  'file://host/share/a.torrent',
  'file:///tmp/%00.torrent',
  'file:///tmp/%zz.torrent',
  '/tmp/a\n.torrent',
  '/tmp/a.torrent.exe',
  'smb://host/a.torrent',
  'magnet:?xt=urn:btih:a b',
  '/etc/passwd',
  '',
])('ignores %j', (candidate) => {
  expect(readArguments([candidate], home)).toEqual({ text: '', paths: [] })
})
