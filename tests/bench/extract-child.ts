import { createInterface } from 'node:readline'
import { extractArchive } from '../../server/archive/extract.ts'
import { findArchives } from '../../server/archive/find-archives.ts'

// Unpacks archives in a process of its own, as the service does. Takes a file and a folder as a line of JSON, and answers with the
// unpacked files.

interface Order {
  path: string
  name: string
  into: string
}

async function unpack({ path, name, into }: Order) {
  const [set] = await findArchives([{ name, path }])
  if (set === undefined) throw new Error('No archive was found.')
  return extractArchive(set, { into, limits: { maxBytes: 2 ** 40 } })
}

createInterface(process.stdin).on('line', (line) => {
  const order: Order = JSON.parse(line)
  unpack(order).then(
    ({ files }) => process.stdout.write(`${JSON.stringify({ files })}\n`),
    (error) => process.stdout.write(`${JSON.stringify({ error: `${error}` })}\n`),
  )
})
