import { useEffect, useRef, useState } from 'react'
import { thumbnailOfFilm, thumbnailOfPicture } from '../../contents/make-thumbnail.ts'
import type { Row } from '../../store/listing.ts'
import type { AppStore } from '../../store/store.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { viewerOf } from '../../store/viewers.ts'

/** Rows that are only scrolled past have no thumbnail made. */
const restMs = 200
const maxAtOnce = 2
const maxKept = 400

/** The decoded thumbnails that were shown last. Null: there is none. */
const kept = new Map<string, ImageBitmap | null>()
let running = 0
const waiting: (() => void)[] = []

/** The thumbnail of a picture or a film; null while there is none. It is made only for rows that stay on the screen for a moment. */
export function useThumbnail(accountId: string, row: Row): ImageBitmap | null {
  const store = useAppStore()
  const isOn = useApp((state) => state.settings?.hasThumbnails ?? false)
  const viewer = viewerOf(row)
  const isWanted = isOn && row.sizeBytes > 0 && (viewer === 'picture' || viewer === 'film')
  const { id, sizeBytes, addedAtMs } = row
  const key = `${accountId}:${id}:${sizeBytes}:${addedAtMs}`
  const [shown, setShown] = useState<{ key: string; picture: ImageBitmap | null } | null>(null)

  // A row is a new object on each render; `key` stands for what counts of it.
  const latest = useRef(row)
  latest.current = row
  useEffect(() => {
    if (!isWanted || kept.has(key)) return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      load(store, { accountId, row: latest.current, key, isFilm: viewer === 'film', signal: stop.signal }).then(
        (picture) => {
          if (!stop.signal.aborted) setShown({ key, picture })
        },
        // The next time the row is shown, it is tried again.
        () => undefined,
      )
    }, restMs)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [store, accountId, key, viewer, isWanted])

  if (!isWanted) return null
  return kept.get(key) ?? (shown?.key === key ? shown.picture : null)
}

interface Wanted {
  accountId: string
  row: Row
  key: string
  isFilm: boolean
  signal: AbortSignal
}

async function load(store: AppStore, wanted: Wanted): Promise<ImageBitmap | null> {
  const { accountId, row, key, signal } = wanted
  const { findThumbnail, putThumbnail } = store.getState()
  let webp = await findThumbnail(accountId, row)
  signal.throwIfAborted()
  if (webp === null) {
    webp = await inTurn(signal, () => make(store, wanted))
    // One that cannot be stored, as on a full disk, is shown nevertheless.
    await putThumbnail(accountId, row, webp).catch(() => undefined)
  }
  const picture =
    webp === null || webp.length === 0
      ? null
      : await createImageBitmap(new Blob([new Uint8Array(webp)])).catch(() => null)
  kept.delete(key)
  kept.set(key, picture)
  const [oldest] = kept.keys()
  if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest)
  return picture
}

async function make(store: AppStore, { accountId, row, isFilm, signal }: Wanted): Promise<Uint8Array | null> {
  const url = await store.getState().openContent(accountId, row.id, isFilm)
  signal.throwIfAborted()
  return isFilm ? thumbnailOfFilm(url, signal) : thumbnailOfPicture({ url, sizeBytes: row.sizeBytes }, signal)
}

/** Makes a few at once; the row that was shown last is first. */
async function inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (running >= maxAtOnce) await new Promise<void>((resolve) => waiting.push(resolve))
  running += 1
  try {
    signal.throwIfAborted()
    return await work()
  } finally {
    running -= 1
    waiting.pop()?.()
  }
}
