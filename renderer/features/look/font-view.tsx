import { useCallback, useEffect } from 'react'
import { LookError, readContent } from '../../contents/content.ts'
import { say } from '../../words/say.ts'
import { Failed } from './failed.tsx'
import { Message } from './message.tsx'
import styles from './quick-look.module.css'
import { useLoaded } from './use-loaded.ts'
import type { ViewProps } from './view.ts'

const sizes = [40, 28, 20, 14]
let lastFont = 0

/** A font. Chromium checks its tables before it is used. */
export function FontView({ row, url, onRetry }: ViewProps) {
  const load = useCallback(
    async (signal: AbortSignal) => {
      const bytes = await readContent(url, 0, row.sizeBytes, signal)
      const font = new FontFace(`look-${++lastFont}`, bytes)
      await font.load().catch((error: unknown) => {
        throw new LookError('brokenFont', { cause: error })
      })
      return font
    },
    [row.sizeBytes, url],
  )
  const loaded = useLoaded(load)
  const font = loaded !== null && 'value' in loaded ? loaded.value : null
  useEffect(() => {
    if (font === null) return
    document.fonts.add(font)
    return () => void document.fonts.delete(font)
  }, [font])
  if (loaded === null) return <Message isWaiting>{say('list.loading')}</Message>
  if ('sentence' in loaded) return <Failed row={row} failure={loaded} onRetry={onRetry} />
  return (
    <div className={styles.font} style={{ fontFamily: loaded.value.family }}>
      {sizes.map((size) => (
        <p key={size} style={{ fontSize: size }}>
          {say('look.pangram')}
        </p>
      ))}
      <p style={{ fontSize: 20 }}>ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz 0123456789 &amp;@?!%(){'{}'}</p>
    </div>
  )
}
