import { maxReadBytes } from '../../shared/limits.ts'
import type { Row } from './listing.ts'

/** How quick look shows a file. `facts` is for everything that it cannot show. */
export type Viewer = 'picture' | 'drawing' | 'text' | 'pdf' | 'film' | 'sound' | 'archive' | 'font' | 'facts'

const extensions: Record<Exclude<Viewer, 'facts'>, string> = {
  picture: 'jpg jpeg jfif png gif webp avif bmp ico',
  drawing: 'svg',
  text:
    'txt text md markdown rst log nfo diz srt vtt ass ssa sub smi lrc csv tsv json jsonl json5 xml xhtml html htm css scss less js mjs cjs jsx ts mts ' +
    'cts tsx vue svelte py rb rs go java kt kts c h cc cpp cxx hpp hh cs swift m mm php pl pm lua r jl sql sh bash zsh fish ps1 bat cmd vbs reg ' +
    'yaml yml toml ini cfg conf properties env desktop url service diff patch tex bib cue m3u m3u8 pls sfv md5 sha1 sha256 opml plist gradle cmake make asm s',
  pdf: 'pdf',
  film: 'mp4 m4v mov webm ogv mkv',
  sound: 'mp3 m4a aac flac ogg oga opus wav',
  archive:
    'zip cbz epub jar war ear aar apk apks xapk aab ipa xpi crx vsix nupkg whl kmz usdz 3mf docx docm dotx xlsx xlsm xltx pptx pptm potx odt ods odp odg ' +
    'oxps xps 7z cb7 rar cbr tar cbt gem tgz txz tbz tbz2 tzst gz xz bz2 zst',
  font: 'ttf otf woff woff2',
}

const viewers = new Map(
  Object.entries(extensions).flatMap(([viewer, list]) =>
    list.split(' ').map((extension): [string, Viewer] => [extension, viewer as Exclude<Viewer, 'facts'>]),
  ),
)
const textNames =
  /^(readme|licen[cs]e|copying|authors|changelog|changes|news|todo|makefile|dockerfile|\.[a-z]+rc|\.gitignore|\.editorconfig)$/i

/** How quick look shows a file, by its name and kind. */
export function viewerOf({ name, kind, sizeBytes }: Pick<Row, 'name' | 'kind' | 'sizeBytes'>): Viewer {
  if (kind === 'folder') return 'facts'
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  const viewer = viewers.get(extension) ?? (kind === 'text' || textNames.test(name) ? 'text' : 'facts')
  // These are read whole.
  const isWhole = viewer === 'picture' || viewer === 'drawing' || viewer === 'font'
  return isWhole && sizeBytes > maxReadBytes ? 'facts' : viewer
}

/** True for what Enter shows in quick look. Films and sound are played, and the rest is opened by the system's program for it. */
export function isShownInWindow(row: Row): boolean {
  return ['picture', 'drawing', 'text', 'pdf'].includes(viewerOf(row))
}
