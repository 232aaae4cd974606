import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef } from 'react'
import styles from '../../parts/dock.module.css'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { SaveRow } from './save-row.tsx'
import { useSaveKeys } from './use-save-keys.ts'

const rowHeight = 40

/** The virtualized rows of what is saved here. */
export function SaveRows() {
  const saves = useApp((state) => state.saves)
  const list = useMemo(() => [...saves.values()], [saves])
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: list.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => list[index]?.id ?? index,
    overscan: 4,
  })
  const { selection, onKeyDown, onClick } = useSaveKeys(list, () =>
    Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1),
  )
  const focused = selection.focusId === null ? -1 : list.findIndex(({ id }) => id === selection.focusId)
  useEffect(() => {
    if (focused >= 0) virtualizer.scrollToIndex(focused)
  }, [focused, virtualizer])
  if (list.length === 0) return <p className={styles.empty}>{say('saves.empty')}</p>
  return (
    <div
      className={styles.scroller}
      ref={scroller}
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys select and move the rows
      tabIndex={0}
      aria-label={say('saves.title')}
      aria-activedescendant={selection.focusId === null ? undefined : rowId(selection.focusId)}
      onKeyDown={onKeyDown}
    >
      <ul className={styles.rows} style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ index, start, key }) => {
          const save = list[index]
          return save === undefined ? null : (
            <SaveRow
              key={key}
              id={rowId(save.id)}
              save={save}
              top={start}
              place={index + 1}
              count={list.length}
              isSelected={selection.ids.has(save.id)}
              isFocused={index === focused}
              onClick={onClick}
            />
          )
        })}
      </ul>
    </div>
  )
}

function rowId(saveId: string): string {
  return `save-${saveId}`
}
