import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { internals } from './webtorrent-internals.ts'

const packages = join(import.meta.dirname, '../../node_modules')

it.each(Object.entries(internals))('finds in the installed %s every member that we use', (file, members) => {
  const source = readFileSync(join(packages, file), 'utf8')
  for (const member of members) expect(source).toMatch(new RegExp(`\\b${member}\\b`))
})

it('finds no other file here that uses such a member', () => {
  const files = readdirSync(import.meta.dirname).filter(
    (file) => /\.ts$/.test(file) && !/\.d\.ts$|^webtorrent-internals/.test(file),
  )
  const names = Object.values(internals).flat()
  for (const file of files) {
    const source = readFileSync(join(import.meta.dirname, file), 'utf8')
    for (const name of names) expect(source.includes(`.${name}`), `${file} uses ${name}`).toBe(false)
    expect(source, file).not.toMatch(/\b(?:swarm|wire|peer|extension|discovery)\._/)
  }
})
