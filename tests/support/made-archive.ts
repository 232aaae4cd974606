import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from './torrents.ts'

/** An archive of these files, made by 7-Zip with flags such as `-mx=0` or `-pSECRET`. */
export async function makeArchive(name: string, contents: Record<string, Buffer>, ...flags: string[]): Promise<Buffer> {
  const folder = await pack(name, contents, flags)
  return readFileSync(join(folder, name))
}

/** The parts of an archive that 7-Zip splits, by their names. */
export async function makeParts(
  name: string,
  contents: Record<string, Buffer>,
  partBytes: number,
): Promise<Record<string, Buffer>> {
  const folder = await pack(name, contents, ['-mx=0', `-v${partBytes}b`])
  const parts: Record<string, Buffer> = {}
  for (let n = 1; ; n++) {
    const part = `${name}.${`${n}`.padStart(3, '0')}`
    try {
      parts[part] = readFileSync(join(folder, part))
    } catch {
      return parts
    }
  }
}

/** `count` small files in fifty folders. */
export function manyFiles(count: number): Record<string, Buffer> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`many/${n % 50}/${n}.txt`, Buffer.from(`number ${n}`)]),
  )
}

async function pack(name: string, contents: Record<string, Buffer>, flags: string[]): Promise<string> {
  const folder = await newFolder()
  for (const [path, bytes] of Object.entries(contents)) {
    mkdirSync(join(folder, 'in', path, '..'), { recursive: true })
    writeFileSync(join(folder, 'in', path), bytes)
  }
  execFileSync('7zz', ['a', '-bso0', ...flags, join(folder, name), '.'], { cwd: join(folder, 'in') })
  return folder
}
