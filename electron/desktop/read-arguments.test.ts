import { expect, it } from 'vitest'
import { readArguments } from './read-arguments.ts'

const magnet = `magnet:?xt=urn:btih:${'a'.repeat(40)}`

it('takes magnet links and torrent files, seen from where the command was given', () => {
  expect(
    readArguments(
      ['/opt/putdesk', '.', magnet, 'a b.torrent', '/tmp/c.TORRENT', 'file:///tmp/d%20e.torrent', 'a b.torrent'],
      '/home/mary',
    ),
  ).toEqual({ text: magnet, paths: ['/home/mary/a b.torrent', '/tmp/c.TORRENT', '/tmp/d e.torrent'] })
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
])('takes nothing of %j', (candidate) => {
  expect(readArguments([candidate], '/home/mary')).toEqual({ text: '', paths: [] })
})
