import { useCallback, useState } from 'react'
import { LookError, readContent } from '../../contents/content.ts'
import { pictureSize } from '../../contents/picture-size.ts'
import { say } from '../../words/say.ts'
import { Message } from './message.tsx'
import styles from './quick-look.module.css'
import { useLoaded } from './use-loaded.ts'
import { useZoom } from './use-zoom.ts'
import type { ViewProps } from './view.ts'

/** Enough for the size of a picture, also behind large metadata. */
const headBytes = 1024 * 1024

/** A picture, as its metadata turns it. Its size is checked before it is decoded. */
export function PictureView({ row, url, onFacts }: ViewProps) {
  const load = useCallback(
    async (signal: AbortSignal) => {
      const size = pictureSize(await readContent(url, 0, Math.min(row.sizeBytes, headBytes), signal))
      onFacts(say('look.pixels', { ...size }))
      const picture = new Image()
      picture.crossOrigin = 'anonymous'
      picture.src = url
      await picture.decode().catch((error: unknown) => {
        throw new LookError('brokenPicture', { cause: error })
      })
      return { ...size, url }
    },
    [row.sizeBytes, url, onFacts],
  )
  const loaded = useLoaded(load)
  if (loaded === null) return <Message isWaiting>{say('list.loading')}</Message>
  if ('sentence' in loaded) return <Message row={row}>{loaded.sentence}</Message>
  return <Picture name={row.name} {...loaded.value} />
}

/** A picture that fits, or is zoomed. */
export function Picture({ name, url, width, height }: { name: string; url: string; width: number; height: number }) {
  const { zoom, frame } = useZoom()
  const [isBroken, setBroken] = useState(false)
  if (isBroken) return <Message>{say('look.brokenPicture')}</Message>
  return (
    <div ref={frame} className={zoom === null ? styles.fitted : styles.zoomed}>
      <img
        crossOrigin="anonymous"
        src={url}
        alt={name}
        className={styles.picture}
        style={zoom === null ? {} : { width: width * zoom, height: height * zoom, maxWidth: 'none', maxHeight: 'none' }}
        onError={() => setBroken(true)}
        draggable={false}
      />
    </div>
  )
}
