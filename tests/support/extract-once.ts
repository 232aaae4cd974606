import { extractArchive } from '../../server/archive/extract.ts'
import { findArchives } from '../../server/archive/find-archives.ts'

// Unpacks one archive in a process of its own, which a test can kill. Arguments: archive, its name, folder. Prints each percent.
const [, , path = '', name = '', into = ''] = process.argv
const [set] = await findArchives([{ name, path }])
if (set === undefined) throw new Error('No archive was found.')
await extractArchive(set, {
  into,
  limits: { maxBytes: 2 ** 40 },
  onProgress: (percent) => process.stdout.write(`${percent}\n`),
})
