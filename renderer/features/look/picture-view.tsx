import { useCallback, useEffect, useState } from 'react'
import { LookError, readContent } from '../../contents/content.ts'
import { isTooLarge, pictureSize } from '../../contents/picture-size.ts'
import { say } from '../../words/say.ts'
import { Failed } from './failed.tsx'
import { Message } from './message.tsx'
import styles from './quick-look.module.css'
import { useLoaded } from './use-loaded.ts'
import { useZoom } from './use-zoom.ts'
import type { ViewProps } from './view.ts'

/** A picture, as its metadata turns it. It is read once, and its size is checked before it is decoded. */
export function PictureView({ row, url, onFacts, onRetry }: ViewProps) {
  const load = useCallback(
    async (signal: AbortSignal) => {
      const bytes = await readContent(url, 0, row.sizeBytes, signal)
      const size = pictureSize(bytes)
      onFacts(say('look.pixels', { ...size }))
      return { blob: new Blob([bytes]), size }
    },
    [row.sizeBytes, url, onFacts],
  )
  const loaded = useLoaded(load)
  if (loaded === null) return <Message isWaiting>{say('list.loading')}</Message>
  if ('sentence' in loaded) return <Failed row={row} failure={loaded} onRetry={onRetry} />
  return <Picture name={row.name} {...loaded.value} />
}

interface PictureProps {
  name: string
  blob: Blob
  /** What its header says. */
  size: { width: number; height: number }
}

/** A picture that fits, or is zoomed. */
export function Picture({ name, blob, size: { width, height } }: PictureProps) {
  const { zoom, frame } = useZoom()
  const [src, setSrc] = useState<string | null>(null)
  const [problem, setProblem] = useState<'brokenPicture' | 'hugePicture' | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    const address = URL.createObjectURL(blob)
    check(address, stop.signal).then(
      () => setSrc(address),
      (error: unknown) => {
        if (!stop.signal.aborted)
          setProblem(error instanceof LookError && error.problem === 'hugePicture' ? 'hugePicture' : 'brokenPicture')
      },
    )
    return () => {
      stop.abort()
      URL.revokeObjectURL(address)
    }
  }, [blob])
  if (problem !== null) return <Message>{say(`look.${problem}`)}</Message>
  return (
    <div ref={frame} className={zoom === null ? styles.fitted : styles.zoomed}>
      {src === null ? null : (
        <img
          src={src}
          alt={name}
          className={styles.picture}
          style={
            zoom === null ? {} : { width: width * zoom, height: height * zoom, maxWidth: 'none', maxHeight: 'none' }
          }
          draggable={false}
        />
      )}
    </div>
  )
}

/** Asks the browser for the size, which it knows before it decodes the picture: a header can lie. Then decodes it. */
async function check(address: string, signal: AbortSignal): Promise<void> {
  const picture = new Image()
  await new Promise<void>((resolve, reject) => {
    picture.onload = () => resolve()
    picture.onerror = () => reject(new LookError('brokenPicture'))
    picture.src = address
  })
  signal.throwIfAborted()
  if (isTooLarge(picture.naturalWidth, picture.naturalHeight)) throw new LookError('hugePicture')
  await picture.decode()
  signal.throwIfAborted()
}
