import { LookError, readContent } from './content.ts'
import { encodeThumbnail, fitInside } from './thumbnail-size.ts'
import type { ThumbnailAnswer, ThumbnailRequest } from './thumbnail-worker.ts'
import thumbnailWorkerUrl from './thumbnail-worker.ts?worker&url'
import { askWorker } from './workers.ts'

/** So that a source that sends nothing does not hold up the others. */
const timeoutMs = 20_000
/** Where the still of a film is taken: after the titles of most. */
const stillAt = 0.1
const maxStillSeconds = 300

/** A thumbnail as WebP; null if none can be made of the file. */
type Thumbnail = Uint8Array<ArrayBuffer> | null

/** Makes the thumbnail of a picture. Rejects when the signal aborts, and when the file cannot be read now. */
export async function thumbnailOfPicture(request: ThumbnailRequest, signal: AbortSignal): Promise<Thumbnail> {
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const made = await askWorker<ThumbnailAnswer>(thumbnailWorkerUrl, request, timeout)
  if (made === 'unreadable') throw new LookError('unreadable')
  return made
}

/** Makes the thumbnail of a film from a still. Rejects when the signal aborts, and when the film cannot be read now. */
export async function thumbnailOfFilm(url: string, signal: AbortSignal): Promise<Thumbnail> {
  const film = document.createElement('video')
  film.muted = true
  film.preload = 'metadata'
  film.crossOrigin = 'anonymous'
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const hasFrame = once(film, 'seeked', timeout)
  // Awaited later; until then it may fail with the others.
  hasFrame.catch(() => undefined)
  try {
    film.src = url
    await once(film, 'loadedmetadata', timeout)
    film.currentTime = Math.min(film.duration * stillAt || 0, maxStillSeconds) + 0.01
    await hasFrame
    if (film.videoWidth === 0) return null
    const { width, height } = fitInside({ width: film.videoWidth, height: film.videoHeight })
    return await encodeThumbnail(
      await createImageBitmap(film, { resizeWidth: width, resizeHeight: height, resizeQuality: 'medium' }),
    )
  } catch (error) {
    // A film that takes too long, or cannot be read now, may have one later.
    timeout.throwIfAborted()
    if (film.error === null) throw error
    await readContent(url, 0, 1, signal)
    return null
  } finally {
    // Ends its requests.
    film.removeAttribute('src')
    film.load()
  }
}

function once(film: HTMLVideoElement, event: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    film.addEventListener(event, () => resolve(), { once: true, signal })
    film.addEventListener('error', () => reject(new Error('The film cannot be decoded.')), { once: true, signal })
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
