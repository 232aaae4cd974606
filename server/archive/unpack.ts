import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { ArchiveError, damaged, needsMemory } from './archive-error.ts'
import type { ArchiveSet } from './find-archives.ts'
import { headBytes, unpackedName, xzMemoryBytes } from './formats.ts'
import { type Limits, Output, type UnpackedFile } from './output.ts'
import { streamWithTool, type ToolJob, unpackWithTool } from './seven-zip-reader.ts'
import { memoryBytes, type SevenZip } from './seven-zip-run.ts'
import { syncFiles } from './sync-files.ts'
import { TarReader } from './tar-reader.ts'
import { Tree } from './tree.ts'
import { openZip, unpackZip } from './zip-reader.ts'

/** One archive to unpack. */
export interface Job {
  set: ArchiveSet
  into: string
  password: string | null
  limits: Limits
}

/** What came out of an archive: files with their places, and every folder, parents first. */
export interface Unpacked {
  files: UnpackedFile[]
  folders: string[][]
}

const chunkBytes = 1024 * 1024

/** Unpacks an archive into a folder that is there and empty but for what begins with a dot, and forces it all to the disk. */
export async function unpack(job: Job, tool: SevenZip, onProgress: (percent: number) => void): Promise<Unpacked> {
  const { set, into, limits } = job
  const packedBytes = set.parts.reduce((sum, part) => sum + statSync(part.path).size, 0)
  const tree = new Tree(set.name, limits.maxDepth)
  const output = new Output(into, tree, { archive: set.name, limits, packedBytes })
  await takeOut({ job, tool, output, packedBytes, onProgress })
  output.finish()
  await syncFiles(
    into,
    output.files.map(({ file }) => file),
  )
  return { files: output.files, folders: tree.folders }
}

interface Work {
  job: Job
  tool: SevenZip
  output: Output
  packedBytes: number
  onProgress: (percent: number) => void
}

async function takeOut(work: Work): Promise<void> {
  const { set } = work.job
  switch (set.format) {
    case 'zip':
      return takeOutZip(work)
    case '7z':
    case 'rar':
      return takeOutWithTool(work)
    case 'tar':
    case 'tar.gz':
    case 'tar.bz2':
    case 'tar.xz':
    case 'tar.zst': {
      const reader = new TarReader(set.name, work.output)
      await stream(work, (chunk) => reader.push(chunk))
      return reader.end()
    }
    case 'gz':
    case 'bz2':
    case 'xz':
    case 'zst':
    case 'joined': {
      const name = set.kind === 'split' ? set.name.replace(/\.\d+$/, '') : set.name
      work.output.begin(set.format === 'joined' ? name : unpackedName(name), /\//)
      await stream(work, (chunk) => work.output.write(chunk))
      return work.output.end()
    }
    default:
      return set.format satisfies never
  }
}

async function takeOutZip(work: Work): Promise<void> {
  const { job, output, packedBytes, onProgress } = work
  const [only] = job.set.parts
  if (job.set.parts.length > 1 || only === undefined) return takeOutWithTool(work)
  const archive = job.set.name
  const zip = await openZip(only.path, packedBytes, archive)
  output.checkDeclared(zip.entries.length, zip.sizeBytes)
  if (!zip.isPlain) return takeOutWithTool(work)
  await unpackZip(zip, { path: only.path, archive, output }, () =>
    onProgress((output.totalBytes / Math.max(zip.sizeBytes, 1)) * 100),
  )
}

async function takeOutWithTool(work: Work): Promise<void> {
  const { output, onProgress } = work
  let totalBytes = 0
  await unpackWithTool(toolJob(work), output, {
    onTotal: (bytes) => {
      totalBytes = bytes
    },
    onBytes: () => onProgress((output.totalBytes / Math.max(totalBytes, 1)) * 100),
  })
}

/** Gives the bytes inside a file that packs just one stream. */
async function stream(work: Work, take: (chunk: Buffer) => void): Promise<void> {
  const { set } = work.job
  const archive = set.name
  switch (set.format) {
    case 'xz':
    case 'tar.xz':
      // 7-Zip calls an xz damaged for which it gets no memory.
      if (xzMemoryBytes(readHead(set)) >= memoryBytes) throw needsMemory(archive)
      return streamWithTool(toolJob(work), take)
    case 'bz2':
    case 'tar.bz2':
      // How much is inside is not told beforehand: what is known is that it is being worked on.
      return streamWithTool(toolJob(work), take)
    case 'gz':
    case 'tar.gz':
      return inflate(createGunzip({ chunkSize: chunkBytes }), { work, take })
    case 'zst':
    case 'tar.zst':
      return inflate(createZstdDecompress({ chunkSize: chunkBytes }), { work, take })
    default:
      for await (const chunk of bytesOf(work)) take(chunk)
      if (work.packedBytes === 0) throw damaged(archive, 'it is empty')
  }
}

function readHead({ parts }: ArchiveSet): Buffer {
  const [first] = parts
  if (first === undefined) return Buffer.alloc(0)
  const fd = openSync(first.path, 'r')
  try {
    const head = Buffer.alloc(headBytes)
    return head.subarray(0, readSync(fd, head, 0, headBytes, 0))
  } finally {
    closeSync(fd)
  }
}

type Inflater = ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>

async function inflate(inflater: Inflater, { work, take }: { work: Work; take: (chunk: Buffer) => void }) {
  const archive = work.job.set.name
  const feeding = pipeline(bytesOf(work), inflater)
  // What is wrong with it is told by the reading below, too.
  feeding.catch(() => undefined)
  try {
    for await (const chunk of inflater) if (Buffer.isBuffer(chunk)) take(chunk)
    await feeding
  } catch (cause) {
    if (cause instanceof ArchiveError) throw cause
    if (cause instanceof Error && /memory/i.test(cause.message)) throw needsMemory(archive)
    throw damaged(archive, 'it is cut off or damaged', cause)
  } finally {
    inflater.destroy()
  }
}

/** All parts one after the other. */
async function* bytesOf({ job, packedBytes, onProgress }: Work): AsyncGenerator<Buffer> {
  let count = 0
  for (const { path } of job.set.parts) {
    for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes })) {
      if (!Buffer.isBuffer(chunk)) continue
      yield chunk
      count += chunk.length
      onProgress((count / Math.max(packedBytes, 1)) * 100)
    }
  }
}

const toolTypes: Record<string, string> = {
  zip: 'zip',
  '7z': '7z',
  bz2: 'bzip2',
  xz: 'xz',
  'tar.bz2': 'bzip2',
  'tar.xz': 'xz',
}

/** Names of our own for the volumes, so that nobody's name reaches a command line, and 7-Zip finds them all. */
function toolJob({ job, tool }: Work): ToolJob {
  const { set, password, limits } = job
  const volumes = set.parts.map(({ path }, index) => ({ name: volumeName(set, index), path }))
  const opened = (set.kind === 'zip-disks' ? volumes.at(-1) : volumes[0])?.name ?? ''
  const type = set.kind === 'single' ? (toolTypes[set.format] ?? null) : null
  return { tool, archive: set.name, volumes, opened, type, password, maxEntries: limits.maxEntries }
}

function volumeName({ kind, format, parts }: ArchiveSet, index: number): string {
  const number = index + 1
  switch (kind) {
    case 'single':
      return `archive.${format}`
    case 'rar-parts':
      return `archive.part${`${number}`.padStart(4, '0')}.rar`
    case 'rar-volumes': {
      const letter = String.fromCharCode('r'.charCodeAt(0) + Math.floor((index - 1) / 100))
      return index === 0 ? 'archive.rar' : `archive.${letter}${`${(index - 1) % 100}`.padStart(2, '0')}`
    }
    case 'zip-disks':
      return number === parts.length ? 'archive.zip' : `archive.z${`${number}`.padStart(2, '0')}`
    case 'split':
      return `archive.${format}.${`${number}`.padStart(3, '0')}`
    default:
      return kind satisfies never
  }
}
