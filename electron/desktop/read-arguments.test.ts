import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { readArguments, readSignIn } from './read-arguments.ts'

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

it.each(['putdesk://auth#access_token=a&state=b', 'putdesk://auth/#access_token=a&state=b', 'PUTDESK://auth?error=x'])(
  'takes %j as the end of a sign-in, and as nothing else',
  (link) => {
    expect(readSignIn(['/opt/putdesk', '--flag', link])).toBe(link)
    expect(readArguments([link], home)).toEqual({ text: '', paths: [] })
  },
)

it.each([
  'putdesk:',
  'putdesk://auth',
  'putdesk://auth#',
  'putdesk://other#access_token=a',
  'putdesk://auth.evil#access_token=a',
  'putdesk://auth#a b',
  'putdesk://auth#a\n',
  '--x=putdesk://auth#access_token=a',
  `putdesk://auth#${'x'.repeat(8001)}`,
  'https://auth#access_token=a',
])('does not take %j as the end of a sign-in', (link) => {
  expect(readSignIn([link])).toBeNull()
})
