import { closeSync, createReadStream, openSync, readSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ArchiveError, damaged, needsMemory } from './archive-error.ts'
import { ByteInput, StreamError } from './byte-input.ts'
import { placeAll } from './contents.ts'
import type { ArchiveSet } from './find-archives.ts'
import { headBytes, unpackedName, xzMemoryBytes } from './formats.ts'
import { gunzip } from './gunzip.ts'
import { type Limits, Output, type UnpackedFile } from './output.ts'
import { needsPassword, streamWithTool, type ToolJob, unpackListed, unpackWithTool } from './seven-zip-reader.ts'
import { memoryBytes, type SevenZip } from './seven-zip-run.ts'
import { syncFiles } from './sync-files.ts'
import { TarReader } from './tar-reader.ts'
import { pathsOf, piecesFolder, threeDigits, volumesOf } from './tool-volumes.ts'
import { unzstd } from './unzstd.ts'
import { Volumes } from './volumes.ts'
import type { ZipEntry } from './zip-directory.ts'
import { directoryOf, zipCover } from './zip-pieces.ts'
import { openZip, unpackZip } from './zip-reader.ts'

/** An archive to unpack. */
export interface Job {
  set: ArchiveSet
  into: string
  password: string | null
  limits: Limits
}

/** The content of an archive: files with their paths, and every folder, parents first. */
export interface Unpacked {
  files: UnpackedFile[]
  folders: string[][]
  /** What was skipped or renamed, in a few sentences; null when nothing was. */
  note: string | null
}

const chunkBytes = 1024 * 1024

/** Unpacks an archive into an existing folder that is empty except for dot files, and syncs everything to disk. */
export async function unpack(job: Job, tool: SevenZip, onProgress: (percent: number) => void): Promise<Unpacked> {
  const { set, into, limits } = job
  const packedBytes = pathsOf(set).reduce((sum, path) => sum + statSync(path).size, 0)
  const output = new Output(into, { archive: set.name, limits, packedBytes })
  await unpackFormat({ job, tool, output, packedBytes, onProgress })
  const { note } = output
  const placed = await placeAll(output.found, { archive: set.name, maxDepth: limits.maxDepth, note })
  const files = output.finish(placed.files)
  await syncFiles(
    into,
    files.map(({ file }) => file),
  )
  const isEmpty = files.length === 0 && placed.folders.length === 0
  return { files, folders: placed.folders, note: note.text(set.name, isEmpty) }
}

interface Work {
  job: Job
  tool: SevenZip
  output: Output
  packedBytes: number
  onProgress: (percent: number) => void
}

async function unpackFormat(work: Work): Promise<void> {
  const { set } = work.job
  switch (set.format) {
    case 'zip':
      return unpackZipFormat(work)
    case '7z':
    case 'rar':
      return unpackAllWithTool(work)
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
      work.output.begin(set.format === 'joined' ? name : unpackedName(name), false)
      await stream(work, (chunk) => work.output.write(chunk))
      return work.output.end()
    }
    default:
      return set.format satisfies never
  }
}

async function unpackZipFormat(work: Work): Promise<void> {
  const { job, output, onProgress } = work
  const archive = job.set.name
  const volumes = new Volumes(pathsOf(job.set))
  try {
    const zip = await openZip(volumes, archive)
    output.checkDeclared(zip.entries.length, zip.sizeBytes)
    if (job.password === null && zip.entries.some(isEncryptedFile)) throw needsPassword(archive)
    const onBytes = () => onProgress((output.totalBytes / Math.max(zip.sizeBytes, 1)) * 100)
    const others = await unpackZip(zip, { volumes, archive, output }, onBytes)
    if (others.length > 0) await unpackRestWithTool(work, { volumes, others, onBytes })
  } finally {
    volumes.close()
  }
}

function isEncryptedFile({ kind, isEncrypted }: ZipEntry): boolean {
  return isEncrypted && kind !== 'folder'
}

/**
 * Lets 7-Zip unpack some files of a zip, in this order: it reads the zip as a split file whose last piece is a directory of ours,
 * which lists only these files at their real positions. The first piece is `zipCover`.
 */
async function unpackRestWithTool(
  work: Work,
  { volumes, others, onBytes }: { volumes: Volumes; others: ZipEntry[]; onBytes: () => void },
): Promise<void> {
  const cover = join(piecesFolder(work.job.into), 'cover')
  const directory = join(piecesFolder(work.job.into), 'directory')
  writeFileSync(cover, zipCover, { mode: 0o600 })
  writeFileSync(directory, directoryOf(others, volumes.sizeBytes), { mode: 0o600 })
  const allVolumes = [cover, ...volumes.paths, directory].map((path, index) => ({
    name: `archive.zip.${threeDigits(index + 1)}`,
    path,
  }))
  const opened = allVolumes[0]?.name ?? ''
  const job = { ...toolJob(work), volumes: allVolumes, opened, type: 'zip.split' }
  const entries = others.map(({ kind, name, hasBackslashes, sizeBytes, crc, isEncrypted, hasCrc }) => ({
    name,
    hasBackslashes,
    kind: kind === 'symlink' ? ('symlink' as const) : ('file' as const),
    target: null,
    why: '',
    sizeBytes,
    crc: hasCrc ? crc : null,
    isEncrypted,
  }))
  await unpackListed(job, { entries, isClean: true, output: work.output, onBytes })
}

async function unpackAllWithTool(work: Work): Promise<void> {
  const { output, onProgress } = work
  let totalBytes = 0
  await unpackWithTool(toolJob(work), output, {
    onTotal: (bytes) => {
      totalBytes = bytes
    },
    onBytes: () => onProgress((output.totalBytes / Math.max(totalBytes, 1)) * 100),
  })
}

/** Streams the content of a file that compresses a single stream. */
async function stream(work: Work, take: (chunk: Buffer) => void): Promise<void> {
  const { set } = work.job
  const archive = set.name
  const onBehind = () => work.output.note.trailingData(archive)
  switch (set.format) {
    case 'xz':
    case 'tar.xz':
      // 7-Zip reports an xz file as damaged when it cannot allocate memory for it.
      if (xzMemoryBytes(readHead(set)) >= memoryBytes) throw needsMemory(archive)
      return streamWithTool(toolJob(work), { take, onBehind })
    case 'bz2':
    case 'tar.bz2':
      // No progress: the unpacked size is not known in advance.
      return streamWithTool(toolJob(work), { take, onBehind })
    case 'gz':
    case 'tar.gz':
      return translating(archive, () => gunzip(new ByteInput(bytesOf(work)), { take, onBehind }))
    case 'zst':
    case 'tar.zst':
      return translating(archive, () => unzstd(new ByteInput(bytesOf(work)), { take, onBehind }))
    default:
      for await (const chunk of bytesOf(work)) take(chunk)
      if (work.packedBytes === 0) throw damaged(archive, 'it is empty')
  }
}

function readHead(set: ArchiveSet): Buffer {
  const [first] = pathsOf(set)
  if (first === undefined) return Buffer.alloc(0)
  const fd = openSync(first, 'r')
  try {
    const head = Buffer.alloc(headBytes)
    return head.subarray(0, readSync(fd, head, 0, headBytes, 0))
  } finally {
    closeSync(fd)
  }
}

async function translating(archive: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (cause) {
    if (cause instanceof ArchiveError) throw cause
    if (cause instanceof Error && /memory/i.test(cause.message)) throw needsMemory(archive)
    throw damaged(archive, cause instanceof StreamError ? cause.message : 'it is cut off or damaged', cause)
  }
}

/** Reads all parts one after another. */
async function* bytesOf({ job, packedBytes, onProgress }: Work): AsyncGenerator<Buffer> {
  let count = 0
  for (const path of pathsOf(job.set)) {
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

function toolJob({ job, tool }: Work): ToolJob {
  const { set, password, limits } = job
  const volumes = volumesOf(set, job.into)
  const opened = volumes[0]?.name ?? ''
  const type = set.kind === 'single' ? (toolTypes[set.format] ?? null) : null
  const is7z = set.format === '7z'
  return { tool, archive: set.name, volumes, opened, type, is7z, password, maxEntries: limits.maxEntries }
}
