import type { TorrentFile } from '../../shared/analysis.ts'
import { largestTorrentFileBytes } from '../../shared/torrent-file.ts'
import { formatSize } from '../words/format.ts'
import { say } from '../words/say.ts'
import { maxPastedLength, textTooLong } from './find-links.ts'
import type { Folder } from './keys.ts'
import { isLinkFile, type LinkFile, linkFileEndings, readLinkFile } from './link-files.ts'
import { sentenceOf } from './sentence.ts'
import type { AppStore } from './store.ts'

const torrentFile = /\.torrent$/i

/** The file types for the file dialog. */
const acceptedTypes = ['.torrent', ...linkFileEndings].join(',')

/** The data of a drop, a paste or a file dialog. */
export interface LinkInput {
  text: string
  html: string | null
  files: readonly File[]
}

/** Opens the Add links dialog with the links and torrent files in the input. Shows the message `nothing` if there are none. */
export function openLinks(
  store: AppStore,
  { text, html, files }: LinkInput,
  nothing: string,
  folder?: Folder,
): Promise<void> {
  const { attempt, openAddLinks, showError, toast } = store.getState()
  return attempt(async () => {
    const { links, torrents, problems } = await readLinks(store, { text, html, files })
    if (problems.length > 0) showError(problems.join(' '))
    if (links !== '' || torrents.length > 0) openAddLinks({ text: links, files: torrents }, folder)
    else if (problems.length === 0) toast(nothing)
  })
}

/** The links and torrent files in the input, and sentences on what could not be read. */
export async function readLinks(
  store: AppStore,
  { text, html, files }: LinkInput,
): Promise<{ links: string; torrents: TorrentFile[]; problems: string[] }> {
  const { extractLinks, takeTorrentFile } = store.getState()
  const problems: string[] = []
  const parts = [...(await readLinkFiles(files, problems)), ...pastedParts(text, html, problems)]
  const torrents = await takeTorrents(files, problems, takeTorrentFile)
  const contents = (kind: LinkFile['kind']) => parts.flatMap((part) => (part.kind === kind ? [part.content] : []))
  const links = parts.length === 0 ? '' : await extractLinks(contents('text'), contents('html'))
  return { links, torrents, problems }
}

/** True for a file that means links: a torrent file, or a text in which there is a link. */
export async function meansLinks(store: AppStore, file: File): Promise<boolean> {
  if (torrentFile.test(file.name)) return true
  if (!isLinkFile(file.name) || file.size > maxPastedLength) return false
  return (await readLinks(store, { text: '', html: null, files: [file] })).links !== ''
}

/** Shows a file dialog and opens Add links with the links in the chosen files. Must be called from a key press or a click. */
export function chooseFiles(store: AppStore): void {
  const field = document.createElement('input')
  field.type = 'file'
  field.multiple = true
  field.accept = acceptedTypes
  field.addEventListener('change', () => {
    void openLinks(store, { text: '', html: null, files: [...(field.files ?? [])] }, say('choose.nothing'))
  })
  field.click()
}

/** The pasted or dropped text, without parts that are too long to search. */
function pastedParts(text: string, html: string | null, problems: string[]): LinkFile[] {
  const parts: LinkFile[] = [
    { kind: 'html', content: html ?? '' },
    { kind: 'text', content: text },
  ]
  const [short, long] = [true, false].map((isShort) =>
    parts.filter(({ content }) => content !== '' && content.length <= maxPastedLength === isShort),
  )
  // Text and HTML have the same content: one of them is enough.
  if (long?.length !== 0 && short?.length === 0) problems.push(textTooLong())
  return short ?? []
}

async function readLinkFiles(files: readonly File[], problems: string[]): Promise<LinkFile[]> {
  const wanted = files
    .filter(({ name }) => isLinkFile(name))
    .filter(isWithin(maxPastedLength, 'drop.textTooLarge', problems))
  const read: LinkFile[] = []
  for (const file of wanted) {
    try {
      const bytes = new Uint8Array(await file.arrayBuffer())
      read.push(readLinkFile(file.name, bytes, navigator.languages))
    } catch {
      // It is a folder, or a file that was removed or is locked.
      problems.push(say('drop.unreadable', { name: file.name }))
    }
  }
  return read
}

async function takeTorrents(
  files: readonly File[],
  problems: string[],
  take: (name: string, base64: string) => Promise<TorrentFile>,
): Promise<TorrentFile[]> {
  const wanted = files
    .filter(({ name }) => torrentFile.test(name))
    .filter(isWithin(largestTorrentFileBytes, 'drop.torrentTooLarge', problems))
  const taken: TorrentFile[] = []
  for (const file of wanted) {
    try {
      taken.push(await take(file.name, await base64Of(file)))
    } catch (error) {
      problems.push(sentenceOf(error))
    }
  }
  return taken
}

function isWithin(max: number, sentence: 'drop.textTooLarge' | 'drop.torrentTooLarge', problems: string[]) {
  return ({ name, size }: File) => {
    if (size > max) problems.push(say(sentence, { name, max: formatSize(max) }))
    return size <= max
  }
}

function base64Of(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener('error', () => reject(reader.error))
    reader.addEventListener('load', () => resolve(String(reader.result).replace(/^[^,]*,/, '')))
    reader.readAsDataURL(file)
  })
}
