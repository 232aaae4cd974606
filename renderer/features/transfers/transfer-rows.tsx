import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef } from 'react'
import { holdsSlot } from '../../../shared/slots.ts'
import type { Transfer } from '../../../shared/transfer.ts'
import styles from '../../parts/dock.module.css'
import { shownTransfers } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { TransferRow } from './transfer-row.tsx'

const rowHeight = 40
const noHolders: readonly string[] = []

/** The virtualized rows of the dock. */
export function TransferRows() {
  const transfers = useApp(shownTransfers)
  const list = useMemo(() => [...transfers.values()], [transfers])
  const placesInLine = useMemo(
    () => new Map(list.filter(({ status }) => status === 'waiting').map(({ id }, index) => [id, index + 1])),
    [list],
  )
  const holders = useHolders(list)
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: list.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => list[index]?.id ?? index,
    overscan: 4,
  })
  if (list.length === 0) return <p className={styles.empty}>{say('transfers.empty')}</p>
  return (
    <div className={styles.scroller} ref={scroller}>
      <ul className={styles.rows} style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ index, start, key }) => {
          const transfer = list[index]
          return transfer === undefined ? null : (
            <TransferRow
              key={key}
              transfer={transfer}
              top={start}
              place={index + 1}
              count={list.length}
              placeInLine={placesInLine.get(transfer.id) ?? 0}
              holders={transfer.status === 'waiting' ? holders : noHolders}
            />
          )
        })}
      </ul>
    </div>
  )
}

/** The names of the transfers that hold slots; the same array as long as they do not change. */
function useHolders(list: readonly Transfer[]): readonly string[] {
  const key = list
    .filter(({ status }) => holdsSlot(status))
    .map(({ name }) => name)
    .join('\0')
  return useMemo(() => (key === '' ? noHolders : key.split('\0')), [key])
}
