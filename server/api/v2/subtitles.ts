import { readFile } from 'node:fs/promises'
import { decodeBytes } from '../../../engine/text/text-bytes.ts'
import { extensionOf } from '../../core/space/kinds.ts'
import type { Item } from '../../core/space/space.ts'
import { safetyHeaders } from '../media/headers.ts'
import { readableFile } from './downloads.ts'
import { ApiError } from './error.ts'
import { type Call, type Result, type Route, route } from './method.ts'
import { toSrt, toVtt } from './subtitle-text.ts'

const download = { access: 'download' } as const
const formats: readonly string[] = ['srt', 'vtt']
const maxBytes = 8 * 1024 * 1024
/** Three-letter codes of ISO 639-2 with the two letters of ISO 639-1, and others that names use. */
const languages = new Map(
  'ara:ar bul:bg ces:cs,cze chi:zh,zho dan:da deu:de,ger ell:el,gre eng:en est:et fin:fi fra:fr,fre heb:he hin:hi hrv:hr hun:hu ind:id isl:is,ice ita:it jpn:ja kor:ko lav:lv lit:lt msa:ms,may nld:nl,dut nor:no,nb,nob pol:pl por:pt,pob,pb ron:ro,rum rus:ru slk:sk,slo slv:sl spa:es srp:sr swe:sv tha:th tur:tr ukr:uk vie:vi fas:fa,per cat:ca eus:eu,baq glg:gl'
    .split(' ')
    .flatMap((line) => {
      const [code = '', others = ''] = line.split(':')
      return [code, ...others.split(',')].map((name): [string, string] => [name, code])
    }),
)
const languageNames = new Intl.DisplayNames('en', { type: 'language' })

/** The subtitles beside a film. Source: API v2 §7. */
export const subtitles: Route[] = [
  route(
    'GET',
    '/v2/files/:id/subtitles',
    (call) => {
      const found = subtitlesOf(call)
      const subtitles = found.map(({ item, code }) => ({
        key: keyOf(item),
        name: item.name,
        language: code === null ? 'Unknown' : (languageNames.of(code) ?? code),
        language_code: code ?? 'und',
        format: extensionOf(item.name),
        source: 'folder',
        url: `${call.base}/v2/files/${call.path.id}/subtitles/${keyOf(item)}`,
      }))
      return { default: subtitles[0]?.key ?? null, subtitles }
    },
    download,
  ),
  route(
    'GET',
    '/v2/files/:id/subtitles/:key',
    async (call) => {
      const found = subtitlesOf(call)
      const { key } = call.path
      const wanted = key === 'default' ? found[0] : found.find(({ item }) => keyOf(item) === key)
      if (wanted === undefined) throw new ApiError(404, 'NotFound', 'There are no such subtitles.')
      const format = call.params.text('format') ?? 'srt'
      if (format !== 'srt' && format !== 'webvtt') throw new ApiError(400, 'BadRequest', 'There is no such format.')
      return send(call, format, await textOf(call, wanted.item))
    },
    download,
  ),
]

interface Subtitles {
  item: Item
  /** Three letters; null if the name does not say it. */
  code: string | null
}

function keyOf({ id }: Item): string {
  return `folder-${id}`
}

/** The subtitles beside a film with the same name, in the order of the wanted languages. */
function subtitlesOf(call: Call): Subtitles[] {
  const { item, space } = readableFile(call)
  const stem = stemOf(item.name).toLowerCase()
  const wanted = (call.params.text('languages') ?? '').split(',').filter((code) => code !== '')
  const rank = ({ code }: Subtitles) => {
    const at = code === null ? -1 : wanted.indexOf(code)
    return at === -1 ? wanted.length : at
  }
  const found = space.details.names(item.parentId ?? 0, ['text', 'file']).flatMap(({ id, name }): Subtitles[] => {
    if (!formats.includes(extensionOf(name))) return []
    const own = stemOf(name)
    if (own.toLowerCase() !== stem && !own.toLowerCase().startsWith(`${stem}.`)) return []
    const words = own
      .slice(stem.length)
      .toLowerCase()
      .split(/[^a-z]+/)
    const code = words.map((word) => languages.get(word)).find((one) => one !== undefined) ?? null
    return [{ item: space.get(id), code }]
  })
  return found.sort((a, b) => rank(a) - rank(b) || (a.item.name < b.item.name ? -1 : 1))
}

function stemOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(0, dot) : name
}

async function textOf({ core }: Call, { content, sizeBytes, name }: Item): Promise<string> {
  if (sizeBytes > maxBytes) throw new ApiError(400, 'BadRequest', `“${name}” is too large for subtitles.`)
  const bytes = await readFile(core.content.path(content ?? '')).catch((error: unknown) => {
    core.report(error)
    throw new ApiError(410, 'FILE_LOST', `“${name}” cannot be read.`)
  })
  const text = decodeBytes(bytes)?.text ?? bytes.toString('latin1')
  return text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n')
}

/** Both formats have the same cues; their times are written differently. */
function send({ response }: Call, format: 'srt' | 'webvtt', text: string): Result {
  const isVtt = text.startsWith('WEBVTT')
  const converted = format === 'webvtt' ? (isVtt ? text : toVtt(text)) : isVtt ? toSrt(text) : text
  const bytes = Buffer.from(converted)
  response.writeHead(200, {
    ...safetyHeaders,
    'Content-Type': format === 'srt' ? 'application/x-subrip; charset=utf-8' : 'text/vtt; charset=utf-8',
    'Content-Length': bytes.length,
  })
  response.end(bytes)
  return null
}
