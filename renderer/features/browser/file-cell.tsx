import { memo } from 'react'
import { classNames } from '../../parts/class-names.ts'
import { Name } from '../../parts/name.tsx'
import { folderKey } from '../../store/keys.ts'
import { formatExactSize, formatSize } from '../../words/format.ts'
import styles from './file-list.module.css'
import { isSame, type RowProps } from './file-row.tsx'
import { OpeningMark } from './opening-mark.tsx'
import { PlaybackMark } from './playback-mark.tsx'
import { RenameField } from './rename-field.tsx'
import { Thumbnail } from './thumbnail.tsx'

/** One item of the grid. */
export const FileCell = memo(function FileCell(props: RowProps) {
  const { row, at, accountId, isSelected, isFocused, isCut, isDropTarget, isRenaming } = props
  const { isWatched, percentPlayed } = props
  const isFolder = row.kind === 'folder'
  return (
    <div
      id={`item-${row.id}`}
      role="gridcell"
      aria-selected={isSelected}
      data-place={at}
      data-focused={isFocused}
      data-drop={isFolder ? folderKey(accountId, row.id) : undefined}
      draggable={!isRenaming}
      className={classNames(
        styles.cell,
        isSelected && styles.selected,
        isFocused && styles.focused,
        isCut && styles.cut,
        isDropTarget && styles.target,
      )}
    >
      <div className={styles.frame}>
        <Thumbnail accountId={accountId} row={row} size="large" />
      </div>
      <div className={styles.label} title={isRenaming ? undefined : row.name}>
        {isRenaming ? <RenameField key={row.id} accountId={accountId} row={row} /> : <Name>{row.name}</Name>}
      </div>
      <div className={styles.under} title={formatExactSize(row.sizeBytes)}>
        {formatSize(row.sizeBytes)}
        <PlaybackMark isWatched={isWatched} percent={percentPlayed} />
        <OpeningMark accountId={accountId} row={row} />
      </div>
    </div>
  )
}, isSame)
