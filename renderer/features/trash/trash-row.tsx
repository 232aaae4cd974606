import { classNames } from '../../parts/class-names.ts'
import { Icon } from '../../parts/icon.tsx'
import { kindIcons } from '../../parts/kind-icons.ts'
import { Name } from '../../parts/name.tsx'
import { useMinute } from '../../parts/use-minute.ts'
import type { Row } from '../../store/listing.ts'
import { formatExactMoment, formatExactSize, formatMoment, formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import styles from './trash.module.css'

interface Props {
  row: Row
  /** The path of its old folder, with slashes. */
  folder: string
  at: number
  top: number
  isSelected: boolean
  isFocused: boolean
}

/** One deleted item. */
export function TrashRow({ row, folder, at, top, isSelected, isFocused }: Props) {
  const nowMs = useMinute()
  const path = folder === '' ? say('place.root') : folder.replaceAll('/', ' / ')
  return (
    <div
      id={`item-${row.id}`}
      role="row"
      aria-rowindex={at + 2}
      aria-selected={isSelected}
      data-place={at}
      data-focused={isFocused}
      className={classNames(styles.row, styles.columns, isSelected && styles.selected, isFocused && styles.focused)}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="gridcell" className={styles.name} title={row.name}>
        <Icon of={kindIcons[row.kind]} className={classNames(styles.icon, styles[`is-${row.kind}`])} />
        <Name>{row.name}</Name>
      </div>
      <div role="gridcell" className={styles.fact} title={path}>
        <bdi>{path}</bdi>
      </div>
      <div role="gridcell" className={classNames(styles.fact, styles.number)} title={formatExactSize(row.sizeBytes)}>
        {formatSize(row.sizeBytes)}
      </div>
      <div role="gridcell" className={classNames(styles.fact, styles.number)} title={formatExactMoment(row.addedAtMs)}>
        {formatMoment(row.addedAtMs, nowMs)}
      </div>
    </div>
  )
}
