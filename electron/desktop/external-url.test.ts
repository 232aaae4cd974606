import { expect, it } from 'vitest'
import { toExternalUrl, toPageUrl } from './external-url.ts'

it('normalizes https pages of known hosts', () => {
  expect(toExternalUrl('https://put.io')).toBe('https://put.io/')
  expect(toExternalUrl('https://app.put.io/a b')).toBe('https://app.put.io/a%20b')
})

const hostile = [
  'http://put.io/',
  'https://put.io.evil.example/',
  'https://evil.example/?https://put.io',
  'https://put.io@evil.example/',
  'https://me:pw@put.io/',
  'https://put.io:8443/',
  'https://рut.io/',
  'file:///etc/passwd',
  'file://host/share',
  'smb://host/share',
  '\\\\host\\share',
  '//host/share',
  'ms-msdt:/id PCWDiagnostic',
  'search-ms:query=x',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'blob:https://put.io/1',
  'about:blank',
  'chrome://settings',
  'devtools://devtools',
  'view-source:https://put.io',
  'ftp://put.io/',
  'ssh://put.io',
  'telnet://put.io',
  'mailto:a@put.io',
  'tel:123',
  'magnet:?xt=urn:btih:1',
  'app://putdesk/index.html',
  'steam://run/1',
  'vscode://file/etc/passwd',
  'ms-officecmd:{}',
  'shell:startup',
  'calculator:',
  'intent://scan/#Intent;end',
  'itms-services://?action=x',
  'x-apple.systempreferences:',
  'jar:file:///x!/y',
  'ldap://put.io',
  'wss://put.io',
  'https:put.io\n',
  'https://put.io/\u0000',
  'https://put.io/\u001b[31m',
  'https://put.io/\r\nHost: evil',
  '',
  ' ',
  'put.io',
  '//put.io',
  'https://',
  'https:///put.io',
  'https://[::1]/',
  'https://127.0.0.1/',
  'https://localhost/',
  'https://169.254.169.254/',
  'https://put.io%00.evil.example/',
  'https://put.io%2eevil.example/',
  'https://xn--put-io.example/',
  'https://put。io.evil.example/',
  'https://sub.put.io/',
]

it.each(hostile)('refuses %j', (url) => {
  const opened = toExternalUrl(url)
  // What the URL standard itself parses as a page of put.io may be opened.
  expect(opened === null || new URL(opened).host === 'put.io').toBe(true)
  if (!/^https:\/*put\.io/.test(url)) expect(opened).toBeNull()
})

it('opens web pages of services that the person has named', () => {
  const pages = ['https://app.put.io/link?code=AB12CD', 'http://192.168.1.10:8088/link?code=A', 'http://[::1]:8088/']
  expect(pages.map(toPageUrl)).toEqual(pages)
})

it.each([
  'file:///etc/passwd',
  'javascript:alert(1)',
  'smb://host/share',
  'vscode://file/etc/passwd',
  'https://me:pw@put.io/',
  'https://put.io/\r\nHost: evil',
  'putdesk://auth#access_token=x',
  'no page',
  '',
])('opens no page for %j', (url) => {
  expect(toPageUrl(url)).toBeNull()
})
