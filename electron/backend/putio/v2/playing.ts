import * as z from 'zod'
import { AppError } from '../../../../shared/errors.ts'
import type { PutioClient, ServiceSubtitle } from '../client.ts'
import { readRows } from '../lenient.ts'
import type { Calls } from './calls.ts'
import { inScope } from './in-scope.ts'
import type { Endpoint } from './request.ts'
import { WirePosition, WireSubtitle, WireSubtitles } from './wire.ts'

/** What the sign-in turned out not to allow. */
export interface RefusedToPlayers {
  positions: boolean
  subtitles: boolean
}

/** What the calls for players depend on. */
interface PlayingParts extends Pick<Calls, 'ask' | 'note'>, Pick<Endpoint, 'bases'> {
  refused: RefusedToPlayers
  /** A token that only allows to read files. */
  downloadToken(): Promise<string>
}

/** Positions and subtitles. Source: API v2 §7. */
export function playingCalls({ ask, note, bases, refused, downloadToken }: PlayingParts) {
  async function allowed<T>(what: keyof RefusedToPlayers, asking: () => Promise<T>): Promise<T> {
    if (refused[what]) throw new AppError('refused', 'This sign-in does not allow that.')
    return await inScope(asking(), () => {
      refused[what] = true
    })
  }
  return {
    position: async (itemId) => {
      const query = { start_from: 1, media_metadata: 1 }
      const call = { verb: 'GET', path: `/v2/files/${itemId}`, query } as const
      const { file } = await allowed('positions', () => ask(call, WirePosition))
      return { seconds: file.start_from, durationSeconds: file.media_metadata?.duration ?? null }
    },
    setPosition: async (itemId, seconds) => {
      const path = `/v2/files/${itemId}/start-from`
      const change =
        seconds === null ? { path: `${path}/delete`, form: {} } : { path, form: { time: Math.floor(seconds) } }
      await allowed('positions', () => ask({ verb: 'POST', ...change, isRepeatable: true }, z.unknown()))
    },
    subtitles: async (itemId, languages) => {
      const query = languages.length === 0 ? {} : { languages: languages.join(',') }
      const path = `/v2/files/${itemId}/subtitles`
      // Internal, because the keys may look like secrets.
      const call = { verb: 'GET', path, query, isInternal: true } as const
      const [answer, token, { api }] = await allowed('subtitles', () =>
        Promise.all([ask(call, WireSubtitles), downloadToken(), bases()]),
      )
      const { read, unread } = readRows(answer.subtitles, WireSubtitle)
      await note('files/subtitles', unread, null)
      return read.flatMap((row): ServiceSubtitle[] => {
        if (row === null) return []
        const { key, name, language_code: language, source } = row
        const of = `${api}${path}/${encodeURIComponent(key)}`
        const url = `${of}?format=srt&oauth_token=${encodeURIComponent(token)}`
        return [{ name: name ?? '', language, source: sources[source?.toLowerCase() ?? ''] ?? 'other', url }]
      })
    },
  } satisfies Pick<PutioClient, 'position' | 'setPosition' | 'subtitles'>
}

/** Source: API v2 §7. */
const sources: Record<string, ServiceSubtitle['source']> = { folder: 'folder', mkv: 'film' }
