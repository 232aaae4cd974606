import type { DragEvent } from 'react'
import { itemsType } from '../../store/keys.ts'
import type { Row } from '../../store/listing.ts'
import { noSelection } from '../../store/selection.ts'
import { selectedRows } from '../../store/selectors.ts'
import type { AppStore } from '../../store/store.ts'
import { say } from '../../words/say.ts'
import styles from './file-list.module.css'

/** Starts dragging the selected items, with a badge that shows the name or the number of items. */
export function dragItems(store: AppStore, event: DragEvent, row: Row | null) {
  const { place, selection, setSelection, setDragged } = store.getState()
  if (row === null || place === null) {
    event.preventDefault()
    return
  }
  if (!selection.ids.has(row.id))
    setSelection({ ...noSelection, ids: new Set([row.id]), anchorId: row.id, focusId: row.id })
  const items = selectedRows(store.getState()).map(({ id, parentId }) => ({ id, parentId }))
  setDragged({ accountId: place.accountId, items })
  event.dataTransfer.effectAllowed = 'move'
  event.dataTransfer.setData(itemsType, '')
  const badge = document.createElement('div')
  badge.className = styles.badge ?? ''
  badge.textContent = items.length === 1 ? row.name : say('drag.items', { count: items.length })
  document.body.append(badge)
  event.dataTransfer.setDragImage(badge, -10, -6)
  requestAnimationFrame(() => badge.remove())
}
