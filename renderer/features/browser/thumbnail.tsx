import { useLayoutEffect, useRef } from 'react'
import { classNames } from '../../parts/class-names.ts'
import { Icon } from '../../parts/icon.tsx'
import { kindIcons } from '../../parts/kind-icons.ts'
import type { Row } from '../../store/listing.ts'
import styles from './file-list.module.css'
import { useThumbnail } from './use-thumbnail.ts'

/** The thumbnail of an item, or the icon of its kind. */
export function Thumbnail({ accountId, row, size }: { accountId: string; row: Row; size: 'small' | 'large' }) {
  const picture = useThumbnail(accountId, row)
  const canvas = useRef<HTMLCanvasElement>(null)
  // The element may have shown the picture of another item until now.
  useLayoutEffect(() => {
    const element = canvas.current
    if (element === null || picture === null) return
    element.width = picture.width
    element.height = picture.height
    element.getContext('2d')?.drawImage(picture, 0, 0)
  }, [picture])
  const isLarge = size === 'large'
  if (picture !== null) return <canvas ref={canvas} className={isLarge ? styles.still : styles.smallStill} />
  return (
    <Icon
      of={kindIcons[row.kind]}
      {...(isLarge ? { size: 44 } : {})}
      className={classNames(styles.icon, styles[`is-${row.kind}`])}
    />
  )
}
