import { Music } from 'lucide-react'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { Icon } from '../../parts/icon.tsx'
import { say } from '../../words/say.ts'
import { Message } from './message.tsx'
import styles from './quick-look.module.css'
import type { ViewProps } from './view.ts'

/** A film or a sound, by Chromium's own decoders. */
export function MediaView({ row, url, isFilm }: ViewProps & { isFilm: boolean }) {
  const [isBroken, setBroken] = useState(false)
  const player = useRef<HTMLMediaElement>(null)
  useEffect(() => {
    const element = player.current
    if (element === null) return
    element.src = url
    return () => {
      // Otherwise it would hold its decoder and its connections until it is collected.
      element.removeAttribute('src')
      element.load()
    }
  }, [url])
  if (isBroken) return <Message row={row}>{say('look.notPlayable')}</Message>
  const props = {
    crossOrigin: 'anonymous' as const,
    controls: true,
    autoPlay: true,
    controlsList: 'nodownload noremoteplayback',
    disableRemotePlayback: true,
    'aria-label': row.name,
    onError: () => setBroken(true),
  }
  if (isFilm)
    return (
      <video ref={player as RefObject<HTMLVideoElement>} {...props} disablePictureInPicture className={styles.film} />
    )
  return (
    <div className={styles.sound}>
      <Icon of={Music} />
      <audio ref={player as RefObject<HTMLAudioElement>} {...props} />
    </div>
  )
}
