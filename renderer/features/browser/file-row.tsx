import { memo } from 'react'
import { classNames } from '../../parts/class-names.ts'
import { Name } from '../../parts/name.tsx'
import { useMinute } from '../../parts/use-minute.ts'
import { folderKey } from '../../store/keys.ts'
import type { Row } from '../../store/listing.ts'
import { formatExactMoment, formatExactSize, formatMoment, formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import styles from './file-list.module.css'
import { LocationCell } from './location-cell.tsx'
import { OpeningMark } from './opening-mark.tsx'
import { PlaybackMark } from './playback-mark.tsx'
import { RenameField } from './rename-field.tsx'
import { Thumbnail } from './thumbnail.tsx'

/** What a row of the list and a cell of the grid get. */
export interface RowProps {
  row: Row
  at: number
  top: number
  accountId: string
  hasLocation: boolean
  isSelected: boolean
  isFocused: boolean
  isCut: boolean
  isDropTarget: boolean
  isRenaming: boolean
  isWatched: boolean
  /** How much of it was played, if it was left in the middle; otherwise 0. */
  percentPlayed: number
}

/** One item of the list. */
export const FileRow = memo(function FileRow(props: RowProps) {
  const { row, at, top, accountId, hasLocation, isSelected, isFocused, isCut, isDropTarget, isRenaming } = props
  const { isWatched, percentPlayed } = props
  const isFolder = row.kind === 'folder'
  const nowMs = useMinute()
  return (
    <div
      id={`item-${row.id}`}
      role="row"
      aria-rowindex={at + 2}
      aria-selected={isSelected}
      data-place={at}
      data-focused={isFocused}
      data-drop={isFolder ? folderKey(accountId, row.id) : undefined}
      draggable={!isRenaming}
      className={classNames(
        styles.row,
        styles.columns,
        hasLocation && styles.withLocation,
        isSelected && styles.selected,
        isFocused && styles.focused,
        isCut && styles.cut,
        isDropTarget && styles.target,
        isRenaming && styles.renaming,
      )}
      style={{ top }}
    >
      <div role="gridcell" className={styles.name} title={isRenaming ? undefined : row.name}>
        <Thumbnail accountId={accountId} row={row} size="small" />
        {isRenaming ? <RenameField key={row.id} accountId={accountId} row={row} /> : <Name>{row.name}</Name>}
        <OpeningMark accountId={accountId} row={row} />
        <PlaybackMark isWatched={isWatched} percent={percentPlayed} />
      </div>
      {hasLocation ? <LocationCell accountId={accountId} folderId={row.parentId} /> : null}
      <div role="gridcell" className={styles.kind}>
        {say(`kind.${row.kind}`)}
      </div>
      <div role="gridcell" className={styles.size} title={formatExactSize(row.sizeBytes)}>
        {formatSize(row.sizeBytes)}
      </div>
      <div role="gridcell" className={styles.added} title={formatExactMoment(row.addedAtMs)}>
        {formatMoment(row.addedAtMs, nowMs)}
      </div>
    </div>
  )
}, isSame)

/** Rows are new objects on each render, so they are compared by value. */
export function isSame({ row: before, ...was }: RowProps, { row, ...is }: RowProps): boolean {
  return (
    was.at === is.at &&
    was.top === is.top &&
    was.accountId === is.accountId &&
    was.hasLocation === is.hasLocation &&
    was.isSelected === is.isSelected &&
    was.isFocused === is.isFocused &&
    was.isCut === is.isCut &&
    was.isDropTarget === is.isDropTarget &&
    was.isRenaming === is.isRenaming &&
    was.isWatched === is.isWatched &&
    was.percentPlayed === is.percentPlayed &&
    before.id === row.id &&
    before.name === row.name &&
    before.kind === row.kind &&
    before.sizeBytes === row.sizeBytes &&
    before.addedAtMs === row.addedAtMs &&
    before.parentId === row.parentId
  )
}
