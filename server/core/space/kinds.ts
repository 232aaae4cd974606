/** The kinds of items. `file` is any file that has no other kind. */
export const itemKinds = [
  'folder',
  'file',
  'audio',
  'movie',
  'image',
  'archive',
  'pdf',
  'document',
  'text',
  'flash',
] as const
export type ItemKind = (typeof itemKinds)[number]

const kindsByWord = new Map<unknown, ItemKind>(itemKinds.map((kind) => [kind, kind]))

/** The kind with this name; null when there is none. */
export function toItemKind(word: unknown): ItemKind | null {
  return kindsByWord.get(word) ?? null
}

/** Kinds and content types by extension: one line for each kind, `extension:content type`. */
const table: [ItemKind, string][] = [
  [
    'audio',
    'mp3:audio/mpeg m4a:audio/mp4 aac:audio/aac flac:audio/flac ogg:audio/ogg oga:audio/ogg opus:audio/ogg wav:audio/wav wma:audio/x-ms-wma aif:audio/aiff aiff:audio/aiff ape:audio/x-ape mka:audio/x-matroska',
  ],
  [
    'movie',
    'mp4:video/mp4 m4v:video/mp4 mkv:video/x-matroska avi:video/x-msvideo mov:video/quicktime webm:video/webm wmv:video/x-ms-wmv mpg:video/mpeg mpeg:video/mpeg ts:video/mp2t m2ts:video/mp2t flv:video/x-flv ogv:video/ogg 3gp:video/3gpp divx:video/x-msvideo vob:video/dvd rm:application/vnd.rn-realmedia',
  ],
  [
    'image',
    'jpg:image/jpeg jpeg:image/jpeg png:image/png gif:image/gif webp:image/webp avif:image/avif bmp:image/bmp tif:image/tiff tiff:image/tiff heic:image/heic ico:image/x-icon',
  ],
  [
    'archive',
    'zip:application/zip rar:application/vnd.rar 7z:application/x-7z-compressed tar:application/x-tar gz:application/gzip tgz:application/gzip bz2:application/x-bzip2 xz:application/x-xz zst:application/zstd iso:application/x-iso9660-image dmg:application/x-apple-diskimage',
  ],
  ['pdf', 'pdf:application/pdf'],
  [
    'document',
    'doc:application/msword docx:application/vnd.openxmlformats-officedocument.wordprocessingml.document xls:application/vnd.ms-excel xlsx:application/vnd.openxmlformats-officedocument.spreadsheetml.sheet ppt:application/vnd.ms-powerpoint pptx:application/vnd.openxmlformats-officedocument.presentationml.presentation odt:application/vnd.oasis.opendocument.text',
  ],
  [
    'text',
    'txt:text/plain nfo:text/plain srt:text/plain sub:text/plain log:text/plain md:text/plain csv:text/csv html:text/html htm:text/html xml:application/xml json:application/json svg:image/svg+xml epub:application/epub+zip',
  ],
  ['flash', 'swf:application/vnd.adobe.flash.movie'],
  ['file', 'torrent:application/x-bittorrent exe:application/vnd.microsoft.portable-executable'],
]

interface FileType {
  kind: ItemKind
  contentType: string
}

const byExtension = new Map<string, FileType>(
  table.flatMap(([kind, line]) =>
    line.split(' ').map((entry): [string, FileType] => {
      const colon = entry.indexOf(':')
      return [entry.slice(0, colon), { kind, contentType: entry.slice(colon + 1) }]
    }),
  ),
)
const otherType: FileType = { kind: 'file', contentType: 'application/octet-stream' }

/** A file's type by its extension. */
export function kindOf(name: string): FileType {
  return byExtension.get(extensionOf(name)) ?? otherType
}

/** A name's extension in lower case, without the dot; empty when it has none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : ''
}

const mediaKinds: ReadonlySet<ItemKind> = new Set(['audio', 'movie', 'image', 'archive', 'pdf'])

/** True for a name that promises a film, a song, a picture or an archive, and thus never a web page. */
export function promisesMedia(name: string): boolean {
  return mediaKinds.has(kindOf(name).kind)
}

/** The extensions of files with this content type. */
export function extensionsOf(contentType: string): string[] {
  return [...byExtension].flatMap(([extension, type]) => (type.contentType === contentType ? [extension] : []))
}
