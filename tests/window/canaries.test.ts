import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setAttribute } from '@napi-rs/xattr'
import { describe, expect, it } from 'vitest'
import { CanaryScanner, canaryWord } from '../support/canaries.ts'
import { has } from '../support/facilities.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// A scanner that finds nothing proves nothing: here it has to find what is planted.

const word = canaryWord()
const secret = `ö/${word}+"& %`
const scanner = new CanaryScanner()
scanner.add({ name: 'password', word })
scanner.add({ name: 'other', word: canaryWord() })

const all = (text: string, prefix: string) =>
  [...Buffer.from(text)].map((byte) => `${prefix}${byte.toString(16).padStart(2, '0')}`).join('')

/** Ways in which a program may write a secret. */
const writings: Record<string, string | Buffer> = {
  plain: secret,
  'in a URL': encodeURIComponent(secret),
  'in a URL within a URL': encodeURIComponent(encodeURIComponent(secret)),
  'in a form': new URLSearchParams({ secret }).toString(),
  'percent-encoded, every letter': all(secret, '%'),
  'percent-encoded twice, every letter': all(secret, '%25'),
  'in JSON': JSON.stringify({ secret }),
  'in JSON within JSON': JSON.stringify(JSON.stringify({ secret })),
  'in JSON, every letter escaped': all(secret, '\\u00'),
  'in capitals': secret.toUpperCase(),
  'in UTF-16LE': Buffer.from(secret, 'utf16le'),
  'in UTF-16BE': Buffer.from(secret, 'utf16le').swap16(),
  'in hexadecimal': Buffer.from(secret).toString('hex'),
  'in a request to sign in': `Basic ${Buffer.from(`me:${secret}`).toString('base64')}`,
  'in base64 for URLs': Buffer.from(secret).toString('base64url'),
  'in base64, one byte later': Buffer.from(`1${secret}`).toString('base64'),
  'in base64, two bytes later': Buffer.from(`12${secret}`).toString('base64'),
  'in base64 of UTF-16': Buffer.from(secret, 'utf16le').toString('base64'),
  'in base64, as UTF-16': Buffer.from(Buffer.from(secret).toString('base64'), 'utf16le'),
  'in Latin-1': Buffer.from(secret, 'latin1'),
}

describe('a planted secret is found', () => {
  it.each(Object.keys(writings))('%s', (how) => {
    const writing = Buffer.from(writings[how] ?? '')
    const before = Buffer.alloc(100, '%\\u0063ca636')
    const found = scanner.find(Buffer.concat([before, writing, before]))
    expect([...new Set(found.map(({ canary }) => canary))]).toEqual(['password'])
  })

  it('in a stream, wherever its parts are cut', () => {
    const text = `before ${all(secret, '%25')} after`
    for (let cut = 0; cut <= text.length; cut += 1) {
      const find = scanner.stream()
      expect([...find(text.slice(0, cut)), ...find(text.slice(cut))], `${cut}`).not.toEqual([])
    }
  })

  it.runIf(has('symbolic links', 'file names of Unix'))(
    'below a folder: in a name, a file, a target of a link, and an attribute',
    async () => {
      const folder = temporaryFolder('canaries')
      mkdirSync(join(folder, 'a', `name ${word}`), { recursive: true })
      writeFileSync(join(folder, 'a', 'empty'), '')
      writeFileSync(join(folder, 'a', 'other'), canaryWord())
      writeFileSync(join(folder, 'a', 'attribute'), '')
      await setAttribute(join(folder, 'a', 'attribute'), 'user.xdg.origin.url', `http://me:${word}@host/`)
      const part = 8 * 1024 * 1024
      writeFileSync(join(folder, 'a', 'large'), Buffer.concat([Buffer.alloc(part - 5), Buffer.from(word)]))
      symlinkSync(`/tmp/${word}`, join(folder, 'link'))
      expect([...scanner.findBelow(folder).keys()].sort()).toEqual(
        ['a/attribute', 'a/large', `a/name ${word}`, 'link'].map((path) => join(folder, path)).sort(),
      )
    },
  )
})

it('finds nothing where nothing is planted', () => {
  expect(scanner.find(`${word.slice(0, -1)} ${all(word.slice(1), '%')}`)).toEqual([])
})
