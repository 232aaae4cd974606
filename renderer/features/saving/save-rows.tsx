import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef } from 'react'
import styles from '../../parts/dock.module.css'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { SaveRow } from './save-row.tsx'

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
  if (list.length === 0) return <p className={styles.empty}>{say('saves.empty')}</p>
  return (
    <div className={styles.scroller} ref={scroller}>
      <ul className={styles.rows} style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ index, start, key }) => {
          const save = list[index]
          return save === undefined ? null : (
            <SaveRow key={key} save={save} top={start} place={index + 1} count={list.length} />
          )
        })}
      </ul>
    </div>
  )
}
