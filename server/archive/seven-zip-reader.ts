import { crc32 } from 'node:zlib'
import { ArchiveError, damaged, needsMemory, quoted } from './archive-error.ts'
import type { Output } from './output.ts'
import { type ListedEntry, readList } from './seven-zip-list.ts'
import { type SevenZip, type SevenZipRun, stoppedAsking } from './seven-zip-run.ts'

/** What 7-Zip is to unpack. */
export interface ToolJob {
  tool: SevenZip
  archive: string
  /** The volumes, the one to open at `opened`. */
  volumes: { name: string; path: string }[]
  opened: string
  /** 7-Zip's own name of the format; null where it must see by itself, as in a split file. */
  type: string | null
  password: string | null
  maxEntries: number
}

// The path of an item in 7-Zip's list has the separators of the system it runs on.
const separators = process.platform === 'win32' ? /[/\\]/ : /\//
const quiet = ['-bd', '-y', '-sccUTF-8', '-mmt4']

/** Lists an archive, refuses it where needed, then takes all its files as one stream and cuts it by the sizes in the list. */
export async function unpackWithTool(
  job: ToolJob,
  output: Output,
  { onTotal, onBytes }: { onTotal: (bytes: number) => void; onBytes: () => void },
): Promise<void> {
  const entries = await list(job)
  const files = entries.filter((entry) => !entry.isFolder)
  const total = files.reduce((sum, entry) => sum + (entry.sizeBytes ?? 0), 0)
  output.checkDeclared(entries.length, total)
  onTotal(total)
  if (job.password === null && files.some((entry) => entry.isEncrypted)) throw needsPassword(job.archive)
  for (const entry of entries) if (entry.isFolder) output.addFolder(entry.name, separators)
  // An archive of nothing but empty files has no stream.
  const cutter = new Cutter(files, output, job)
  if (total === 0) {
    cutter.finish()
    return
  }
  const run = start(job, ['x', '-so'])
  await finishing(run, async () => {
    let broken: ArchiveError | null = null
    for await (const chunk of run.output) {
      if (broken === null && chunk instanceof Uint8Array) broken = cutter.push(chunk)
      onBytes()
    }
    // Where the bytes are wrong, 7-Zip mostly knows better why: a part that is missing, a method that it has not.
    const { code, messages } = await run.ended
    if (code !== 0 && code !== 1) throw why(job, { code, messages })
    broken ??= cutter.finish()
    if (broken !== null) throw broken
  })
}

/** The one stream in an archive that holds but one, such as `.xz`. */
export async function streamWithTool(job: ToolJob, take: (chunk: Buffer) => void): Promise<void> {
  const run = start(job, ['x', '-so'])
  await finishing(run, async () => {
    for await (const chunk of run.output) {
      if (chunk instanceof Uint8Array) take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    }
    const { code, messages } = await run.ended
    if (code !== 0) throw why(job, { code, messages })
  })
}

async function list(job: ToolJob): Promise<ListedEntry[]> {
  const run = start(job, ['l', '-slt', '-ba'])
  return finishing(run, async () => {
    const entries = await readList(run, job.archive, job.maxEntries)
    const { code, messages } = await run.ended
    // A list that is there in spite of an error comes without words for it; unpacking will tell what is wrong.
    const isSilent = code === 2 && messages.trim() === '' && entries.length > 0
    if (code !== 0 && code !== 1 && !isSilent) throw why(job, { code, messages })
    return entries
  })
}

function start({ tool, volumes, opened, type, password }: ToolJob, command: string[]): SevenZipRun {
  const args = [...command, ...quiet, ...(type === null ? [] : [`-t${type}`]), '--', opened]
  return tool.run({ args, volumes, password })
}

async function finishing<T>(run: SevenZipRun, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    run.stop()
  }
}

function needsPassword(archive: string): ArchiveError {
  return new ArchiveError('needs-password', `${quoted(archive)} needs a password to be unpacked.`)
}

function wrongPassword(archive: string): ArchiveError {
  return new ArchiveError('wrong-password', `The password does not open ${quoted(archive)}: type another one.`)
}

/** Reads 7-Zip's own words. What follows a colon may be a name from the archive, and counts for nothing; volumes have our names. */
function why(
  { archive, password, volumes }: ToolJob,
  { code, messages }: { code: number | null; messages: string },
): ArchiveError {
  const words = messages
    .split('\n')
    .map((line) =>
      line
        .replace(/^(ERROR|WARNING)S?: ?/, '')
        .replace(/^archive\.[\w.]+ : /, '')
        .replace(/ : .*$/, ''),
    )
    .join('\n')
  const said = (pattern: RegExp) => pattern.test(words)
  const cause = new Error(`7-Zip ended with ${code}: ${messages.slice(0, 2000)}`)
  if (code === stoppedAsking || said(/wrong password|encrypted archive|enter password|break signaled/i)) {
    return password === null ? needsPassword(archive) : wrongPassword(archive)
  }
  if (said(/unsupported method|unsupported feature/i)) {
    const sentence = `${quoted(archive)} could not be unpacked: it is packed in a way that is not known here.`
    return new ArchiveError('unknown-method', sentence, { cause })
  }
  if (said(/can't allocate|not enough memory|insufficient memory/i)) {
    return needsMemory(archive)
  }
  if (said(/missing volume/i) || (volumes.length > 1 && said(/unexpected end/i))) {
    const sentence = `${quoted(archive)} could not be unpacked: it ends too early, so a part is missing. Add the part that is missing.`
    return new ArchiveError('missing-part', sentence, { cause })
  }
  if (said(/data error|crc failed|headers? error|unexpected end|is not archive|cannot open the file|can not open/i)) {
    return damaged(archive, 'it is damaged', cause)
  }
  return new ArchiveError('failed', `${quoted(archive)} could not be unpacked: 7-Zip gave up.`, { cause })
}

/** Cuts the stream of all files by their sizes, and checks each against its sum in the list. */
class Cutter {
  readonly #files: ListedEntry[]
  readonly #output: Output
  readonly #job: ToolJob
  #index = 0
  #isBegun = false
  #left = 0
  #sum = 0

  constructor(files: ListedEntry[], output: Output, job: ToolJob) {
    this.#files = files
    this.#output = output
    this.#job = job
    if (files.some((entry) => entry.sizeBytes === null)) {
      throw new ArchiveError(
        'unknown-method',
        `${quoted(job.archive)} could not be unpacked: it hides how large its files are.`,
      )
    }
  }

  /** Takes more of the stream; answers with what is wrong with it, if something is. */
  push(chunk: Uint8Array): ArchiveError | null {
    let rest = chunk
    this.#beginNext()
    while (rest.length > 0) {
      if (!this.#isBegun) return damaged(this.#job.archive, 'it holds more than its list says')
      const piece = rest.subarray(0, this.#left)
      this.#sum = crc32(piece, this.#sum)
      this.#output.write(piece)
      this.#left -= piece.length
      rest = rest.subarray(piece.length)
      if (this.#left > 0) continue
      if (!this.#isRight()) return this.#broken()
      this.#endFile()
      this.#beginNext()
    }
    return null
  }

  /** Says that the stream has ended. */
  finish(): ArchiveError | null {
    this.#beginNext()
    return this.#isBegun ? this.#broken() : null
  }

  /** Begins the next file that has bytes; those without are done at once. */
  #beginNext(): void {
    while (!this.#isBegun) {
      const entry = this.#files[this.#index]
      if (entry === undefined) return
      this.#output.begin(entry.name, separators)
      this.#isBegun = true
      this.#left = entry.sizeBytes ?? 0
      this.#sum = 0
      if (this.#left === 0) this.#endFile()
    }
  }

  #isRight(): boolean {
    const crc = this.#files[this.#index]?.crc ?? null
    return crc === null || crc === this.#sum
  }

  #endFile(): void {
    this.#output.end()
    this.#isBegun = false
    this.#index++
  }

  #broken(): ArchiveError {
    const entry = this.#files[this.#index]
    if (entry?.isEncrypted === true) return wrongPassword(this.#job.archive)
    return damaged(this.#job.archive, `${quoted(entry?.name ?? '')} in it is damaged`)
  }
}
