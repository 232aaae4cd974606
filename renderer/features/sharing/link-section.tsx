import { useCallback, useRef } from 'react'
import type { PublicLink } from '../../../shared/sharing.ts'
import { Button } from '../../parts/button.tsx'
import { Copyable } from '../../parts/copyable.tsx'
import { useNow } from '../../parts/use-now.ts'
import { formatMoment } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import styles from './sharing.module.css'

interface Props {
  link: PublicLink | null
  onMake(): void
  onRemove(): void
}

/** The public link of an item: makes one, or shows the one that there is. */
export function LinkSection({ link, onMake, onRemove }: Props) {
  const isPressed = useRef(false)
  const nowMs = useNow(60_000)
  // The button that was pressed is gone, and another one is in its place.
  const takeFocus = useCallback((button: HTMLButtonElement | null) => {
    if (button === null || !isPressed.current) return
    isPressed.current = false
    button.focus()
  }, [])

  const press = (act: () => void) => () => {
    isPressed.current = true
    act()
  }

  if (link === null) {
    return (
      <div className={styles.line}>
        <p className={styles.second}>{say('sharing.linkHint')}</p>
        <Button ref={takeFocus} onClick={press(onMake)}>
          {say('sharing.makeLink')}
        </Button>
      </div>
    )
  }
  return (
    <>
      <Copyable text={link.page} label={say('sharing.copyLink')} buttonRef={takeFocus} />
      <div className={styles.line}>
        <p className={styles.second}>
          {link.expiresAtMs === null
            ? say('sharing.linkHint')
            : say('sharing.linkUntil', { moment: formatMoment(link.expiresAtMs, nowMs) })}
          {isOnlyHere(link.page) ? ` ${say('sharing.onlyHere')}` : null}
        </p>
        <Button onClick={press(onRemove)}>{say('sharing.removeLink')}</Button>
      </div>
    </>
  )
}

/** True for an address that leads to the computer on which it is opened. */
function isOnlyHere(page: string): boolean {
  return /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(URL.parse(page)?.hostname ?? '')
}
