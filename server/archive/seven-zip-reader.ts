import { crc32 } from 'node:zlib'
import { ArchiveError, damaged, needsMemory, quoted } from './archive-error.ts'
import { shownName } from './entry-name.ts'
import type { Output } from './output.ts'
import { type ListedEntry, readList } from './seven-zip-list.ts'
import { promptRefused, type SevenZip, type SevenZipRun } from './seven-zip-run.ts'

/** A job for 7-Zip. */
export interface ToolJob {
  tool: SevenZip
  archive: string
  /** The volumes; 7-Zip opens the one at `opened`. */
  volumes: { name: string; path: string }[]
  opened: string
  /** 7-Zip's name of the format; null to let it detect the format, as in a split file. */
  type: string | null
  is7z: boolean
  password: string | null
  maxEntries: number
}

const quiet = ['-bd', '-y', '-sccUTF-8', '-mmt4']
const maxTargetBytes = 4096

interface Callbacks {
  onTotal: (bytes: number) => void
  onBytes: () => void
}

/** Lists an archive, checks the limits, then reads all its files as one stream and splits it by the sizes in the list. */
export async function unpackWithTool(job: ToolJob, output: Output, { onTotal, onBytes }: Callbacks): Promise<void> {
  const { entries, isClean } = await list(job)
  const total = bytesIn(entries)
  output.checkDeclared(entries.length, total)
  onTotal(total)
  for (const entry of entries) if (entry.kind === 'folder') output.addFolder(entry.name, entry.hasBackslashes)
  await unpackListed(job, { entries: entries.filter(({ kind }) => kind !== 'folder'), isClean, output, onBytes })
}

/** Unpacks the files in a list. */
export async function unpackListed(
  job: ToolJob,
  {
    entries,
    isClean,
    output,
    onBytes,
  }: { entries: ListedEntry[]; isClean: boolean; output: Output; onBytes: () => void },
): Promise<void> {
  if (job.password === null && entries.some((entry) => entry.isEncrypted)) throw needsPassword(job.archive)
  const splitter = new StreamSplitter(entries, output, job)
  // An archive with only empty files has no stream.
  if (bytesIn(entries) === 0 && isClean) {
    splitter.finish()
    return
  }
  const run = start(job, ['x', '-so'])
  await finishing(run, async () => {
    let broken: ArchiveError | null = null
    for await (const chunk of run.output) {
      if (broken === null && chunk instanceof Uint8Array) broken = splitter.push(chunk)
      onBytes()
    }
    // If the bytes are wrong, 7-Zip usually knows why: a missing part, an unsupported method.
    const { code, messages } = await run.ended
    // 7-Zip reports a data error for each hard link, which has no data; the content of all files is verified here.
    const isOnlyLinks = isClean && broken === null && splitter.isAllChecked && areLinkErrors(messages, entries)
    if (code !== 0 && code !== 1 && !(code === 2 && isOnlyLinks)) throw why(job, { code, messages })
    broken ??= splitter.finish()
    if (broken !== null) throw broken
  })
}

/** True when 7-Zip reports exactly one error for each hard link. */
function areLinkErrors(messages: string, entries: readonly ListedEntry[]): boolean {
  const lines = messages.split('\n').filter((line) => line.trim() !== '')
  const links = entries.filter(({ kind }) => kind === 'hard-link')
  return lines.length === links.length && lines.every((line) => /^(ERROR: )?Data Error : /.test(line))
}

function bytesIn(entries: readonly ListedEntry[]): number {
  return entries.reduce((sum, { kind, sizeBytes }) => sum + (kind === 'folder' ? 0 : (sizeBytes ?? 0)), 0)
}

/** Unpacks an archive that contains a single stream, such as `.xz`. */
export async function streamWithTool(
  job: ToolJob,
  { take, onBehind }: { take: (chunk: Buffer) => void; onBehind: () => void },
): Promise<void> {
  const run = start(job, ['x', '-so'])
  await finishing(run, async () => {
    for await (const chunk of run.output) {
      if (chunk instanceof Uint8Array) take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    }
    const { code, messages } = await run.ended
    if (code !== 0 && !isTrailingData(messages)) throw why(job, { code, messages })
    if (code !== 0) onBehind()
  })
}

/** Lists the entries of the archive; `isClean` is false when 7-Zip found an error that it explains only while unpacking. */
async function list(job: ToolJob): Promise<{ entries: ListedEntry[]; isClean: boolean }> {
  const run = start(job, ['l', '-slt', '-ba'])
  return finishing(run, async () => {
    const entries = await readList(run, { ...job, separator: job.tool.separator })
    const { code, messages } = await run.ended
    // If 7-Zip lists entries despite an error, it prints no message; unpacking will explain the error.
    const isSilent = code === 2 && messages.trim() === '' && entries.length > 0
    if (code !== 0 && code !== 1 && !isSilent) throw why(job, { code, messages })
    return { entries, isClean: code === 0 || code === 1 }
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

/** True when 7-Zip only reports data after the end. */
function isTrailingData(messages: string): boolean {
  const lines = messages.split('\n').filter((line) => line.trim() !== '')
  return lines.length > 0 && lines.every((line) => /^(ERROR|WARNING)S?: There are some data after the end/.test(line))
}

export function needsPassword(archive: string): ArchiveError {
  return new ArchiveError('needs-password', `${quoted(archive)} needs a password to be unpacked.`)
}

function wrongPassword(archive: string): ArchiveError {
  return new ArchiveError('wrong-password', `The password does not open ${quoted(archive)}: type another one.`)
}

/** Interprets 7-Zip's messages. Text after a colon may be a name from the archive and is ignored. */
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
  const matches = (pattern: RegExp) => pattern.test(words)
  const cause = new Error(`7-Zip exited with code ${code}: ${messages.slice(0, 2000)}`)
  if (code === promptRefused || matches(/wrong password|encrypted archive|enter password|break signaled/i)) {
    return password === null ? needsPassword(archive) : wrongPassword(archive)
  }
  if (matches(/unsupported method|unsupported feature/i)) {
    const sentence = `${quoted(archive)} could not be unpacked: it is packed in a way that is not known here.`
    return new ArchiveError('unknown-method', sentence, { cause })
  }
  if (matches(/can't allocate|not enough memory|insufficient memory/i)) {
    return needsMemory(archive)
  }
  if (matches(/missing volume/i) || (volumes.length > 1 && matches(/unexpected end/i))) {
    const sentence = `${quoted(archive)} could not be unpacked: it ends too early, so a part is missing. Add the part that is missing.`
    return new ArchiveError('missing-part', sentence, { cause })
  }
  if (
    matches(/data error|crc failed|headers? error|unexpected end|is not archive|cannot open the file|can not open/i)
  ) {
    return damaged(archive, 'it is damaged', cause)
  }
  return new ArchiveError('failed', `${quoted(archive)} could not be unpacked: 7-Zip gave up.`, { cause })
}

/** Splits the stream of all files by their sizes and verifies each against its checksum in the list. */
class StreamSplitter {
  readonly #entries: ListedEntry[]
  readonly #output: Output
  readonly #job: ToolJob
  #index = 0
  #isBegun = false
  #left = 0
  #sum = 0
  /** The received bytes of a link's target. */
  #target: Buffer[] = []

  constructor(entries: ListedEntry[], output: Output, job: ToolJob) {
    this.#entries = entries
    this.#output = output
    this.#job = job
    if (entries.some((entry) => entry.sizeBytes === null)) {
      throw new ArchiveError(
        'unknown-method',
        `${quoted(job.archive)} could not be unpacked: it hides how large its files are.`,
      )
    }
  }

  /** True when the list has a checksum for every entry with content. */
  get isAllChecked(): boolean {
    return this.#entries.every(({ sizeBytes, crc }) => sizeBytes === 0 || crc !== null)
  }

  /** Processes the next chunk of the stream. Returns an error if it is wrong, otherwise null. */
  push(chunk: Uint8Array): ArchiveError | null {
    let rest = chunk
    this.#beginNext()
    while (rest.length > 0) {
      if (!this.#isBegun) return damaged(this.#job.archive, 'it holds more than its list says')
      const piece = rest.subarray(0, this.#left)
      this.#sum = crc32(piece, this.#sum)
      this.#take(piece)
      this.#left -= piece.length
      rest = rest.subarray(piece.length)
      if (this.#left > 0) continue
      if (!this.#isRight()) return this.#broken()
      this.#end()
      this.#beginNext()
    }
    return null
  }

  /** Ends the stream. Returns an error if it is incomplete, otherwise null. */
  finish(): ArchiveError | null {
    this.#beginNext()
    return this.#isBegun ? this.#broken() : null
  }

  /** Starts the next entry that has bytes; empty ones are completed at once. */
  #beginNext(): void {
    while (!this.#isBegun) {
      const entry = this.#entries[this.#index]
      if (entry === undefined) return
      if (entry.kind === 'file') this.#output.begin(entry.name, entry.hasBackslashes)
      this.#isBegun = true
      this.#left = entry.sizeBytes ?? 0
      this.#sum = 0
      if (this.#left === 0) this.#end()
    }
  }

  #take(piece: Uint8Array): void {
    const entry = this.#entries[this.#index]
    if (entry?.kind === 'file') this.#output.write(piece)
    else if (entry?.kind === 'symlink' && (entry.sizeBytes ?? 0) <= maxTargetBytes)
      this.#target.push(Buffer.from(piece))
  }

  #isRight(): boolean {
    const crc = this.#entries[this.#index]?.crc ?? null
    return crc === null || crc === this.#sum
  }

  #end(): void {
    const entry = this.#entries[this.#index]
    const target = entry?.target ?? Buffer.concat(this.#target)
    this.#target = []
    this.#isBegun = false
    this.#index++
    if (entry === undefined) return
    if (entry.kind === 'file') this.#output.end()
    else if (entry.kind === 'left-out') this.#output.leaveOut(entry.name, entry.why)
    else if (target.length === 0) this.#output.leaveOut(entry.name, 'a link')
    else {
      const kind = entry.kind === 'hard-link' ? 'hard-link' : 'symlink'
      this.#output.addLink(kind, entry.name, { target, hasBackslashes: entry.hasBackslashes })
    }
  }

  #broken(): ArchiveError {
    const entry = this.#entries[this.#index]
    if (entry?.isEncrypted === true) return wrongPassword(this.#job.archive)
    return damaged(this.#job.archive, `${quoted(shownName(entry?.name ?? ''))} in it is damaged`)
  }
}
