import { extname } from 'node:path'
import { safeName } from '../../../engine/text/names.ts'

/**
 * The kinds of files that are opened in other programs: documents, tables, pictures, sound, films, archives, e-books, fonts and data.
 * None of them runs when it is opened. What is not in the list could: systems and programs add kinds of files that do, so that a list
 * of those would never be complete.
 */
const opened = new Set(
  (
    'txt text md markdown rst log nfo diz srt vtt ass ssa sub smi lrc csv tsv json jsonl yaml yml toml ini cfg conf tex bib diff patch sfv md5 xml ' +
    'pdf xps oxps djvu djv doc docx dot dotx rtf odt ott fodt pages wps wpd xls xlsx xlt xltx ods ots fods numbers ppt pptx pps ppsx pot ' +
    'potx odp otp key odg vsd vsdx pub epub mobi azw azw3 fb2 lit cbz cbr cb7 cbt ics vcf eml msg ' +
    'jpg jpeg jfif png gif webp avif heic heif bmp ico tif tiff tga psd xcf kra ai raw dng cr2 cr3 nef arw orf rw2 raf exr hdr ' +
    'mp3 m4a m4b aac flac ogg oga opus wav aif aiff wma ape wv mka mid midi mp4 m4v mov mkv webm avi mpg mpeg m2ts mts ts ogv wmv flv 3gp vob ' +
    'zip 7z rar tar gz tgz bz2 tbz2 xz txz zst lz lzma cab lha arj z ' +
    'ttf otf ttc woff woff2 torrent gpx kml kmz geojson stl obj ply gltf glb fbx 3mf step stp iges igs dxf dwg blend sqlite parquet'
  ).split(' '),
)

/** True if a file of this name can run code when it is opened, or may be of a kind that can. The name counts as it is stored here. */
export function runsByName(name: string): boolean {
  // Windows ignores dots and spaces at the end.
  return [safeName(name), name.replace(/[. ]+$/, '')].some((one) => !opened.has(extname(one).slice(1).toLowerCase()))
}

/** How the files of programs begin: Windows, Linux, macOS, Java, Android, WebAssembly, shortcuts. */
const beginnings = [
  [0x4d, 0x5a],
  [0x7f, 0x45, 0x4c, 0x46],
  [0xfe, 0xed, 0xfa, 0xce],
  [0xfe, 0xed, 0xfa, 0xcf],
  [0xce, 0xfa, 0xed, 0xfe],
  [0xcf, 0xfa, 0xed, 0xfe],
  [0xca, 0xfe, 0xba, 0xbe],
  [0xbe, 0xba, 0xfe, 0xca],
  [0x00, 0x61, 0x73, 0x6d],
  [0x64, 0x65, 0x78, 0x0a],
  [0x4c, 0x00, 0x00, 0x00, 0x01, 0x14, 0x02, 0x00],
]
/** How scripts, pages and shortcuts begin. */
const scripts = /^(?:#!|\[(?:desktop entry|internetshortcut|\{000214a0)|@echo\b|<\?php\b)/i
const elements = /^<(?:!doctype (?:html|svg)|html|head|body|script|svg|job|package|scriptlet)\b/i
/** Old Office documents and installers share a container; only these names are documents. */
const containers = new Set(['doc', 'dot', 'xls', 'xlt', 'ppt', 'pot', 'pps', 'msg', 'vsd', 'pub', 'wps'])
const containerBeginning = [0xd0, 0xcf, 0x11, 0xe0]

/** How much of a file `runsByContent` looks at. */
export const headBytes = 4096

/** True if a file can run code whatever its name says. `head` is its first bytes. */
export function runsByContent(name: string, head: Buffer): boolean {
  const begins = (bytes: readonly number[]) => bytes.every((byte, at) => head[at] === byte)
  if (beginnings.some(begins)) return true
  if (begins(containerBeginning)) return !containers.has(extname(safeName(name)).slice(1).toLowerCase())
  if (begins([0x50, 0x4b])) return isZippedProgram(head.subarray(0, 512).toString('latin1'))
  const text = textOf(head).trimStart()
  return scripts.test(text) || elements.test(withoutProlog(text))
}

/**
 * True for the beginning of a zip that is a Java or Android program. E-books and OpenDocument files have a `META-INF` as well, but their
 * first entry, which is not compressed, tells what they are.
 *
 * Sources: EPUB 3.3 §4.2.2 (OCF ZIP container media type); OpenDocument 1.3 part 2 §3.3.
 */
function isZippedProgram(beginning: string): boolean {
  const isDocument = /^.{30}mimetypeapplication\/(?:epub\+zip|vnd\.oasis\.opendocument\.)/s.test(beginning)
  return !isDocument && /META-INF\/|AndroidManifest\.xml/.test(beginning)
}

/** Skips what may stand before the first element of XML or HTML: the declaration, comments and blanks. */
function withoutProlog(text: string): string {
  let at = 0
  for (;;) {
    const isComment = text.startsWith('<!--', at)
    const isDeclaration = text.startsWith('<?', at)
    if (!isComment && !isDeclaration) return text.slice(at, at + 64)
    const end = text.indexOf(isComment ? '-->' : '?>', at + 2)
    if (end === -1) return ''
    at = end + (isComment ? 3 : 2)
    while (/\s/.test(text[at] ?? '')) at += 1
  }
}

function textOf(head: Buffer): string {
  if (head[0] === 0xff && head[1] === 0xfe) return head.subarray(2).toString('utf16le')
  if (head[0] === 0xfe && head[1] === 0xff) {
    const even = Buffer.from(head.subarray(2, 2 + Math.floor((head.length - 2) / 2) * 2))
    return even.swap16().toString('utf16le')
  }
  return head.toString('utf8').replace(/^\ufeff/, '')
}
