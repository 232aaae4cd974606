import { join } from 'node:path'
import { expect, it } from 'vitest'
import { resolveInside } from './page-path.ts'

const folder = '/bundle/renderer'

it('resolves the bundled files', () => {
  expect(resolveInside(folder, 'app://putdesk/')).toBe(join(folder, 'index.html'))
  expect(resolveInside(folder, 'app://putdesk/assets/index-1.js')).toBe(join(folder, 'assets/index-1.js'))
})

it.each([
  'app://putdesk/%2e%2e/secret',
  'app://putdesk/..%2fsecret',
  'app://putdesk/%2e%2e%2f%2e%2e%2fetc/passwd',
  'app://putdesk/%252e%252e/secret',
  'app://putdesk/..%5csecret',
  'app://putdesk/assets/%00.html',
  'app://putdesk/%zz',
  'app://other/index.html',
  'file:///etc/passwd',
  'https://putdesk/index.html',
  'app:index.html',
])('does not leave the bundle for %s', (url) => {
  const path = resolveInside(folder, url)
  expect(path === null || path.startsWith(join(folder, '/'))).toBe(true)
  if (!url.startsWith('app://putdesk/%2e%2e/')) expect(path).toBeNull()
})
