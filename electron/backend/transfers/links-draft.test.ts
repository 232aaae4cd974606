import { expect, it } from 'vitest'
import { withoutSecrets } from './links-draft.ts'

it('leaves out what can contain a password, a token or a passkey', async () => {
  const hash = '0123456789abcdef0123456789abcdef01234567'
  const text = [
    'http://h.example/film.mkv',
    'http://ann:open-sesame@h.example/a',
    'https://h.example/a?token=open-sesame',
    'https://h.example/a#open-sesame',
    'ftp://h.example/b.iso',
    `magnet:?xt=urn:btih:${hash}&dn=film&tr=http%3A%2F%2Ft.example%2Fopen-sesame%2Fannounce`,
    `data:application/x-bittorrent;base64,b3Blbi1zZXNhbWU=`,
  ].join('\n')
  expect((await withoutSecrets(text)).split('\n')).toEqual([
    'http://h.example/film.mkv',
    'ftp://h.example/b.iso',
    `magnet:?xt=urn:btih:${hash}&dn=film`,
  ])
})
