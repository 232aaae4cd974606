import { useVirtualizer } from '@tanstack/react-virtual'
import { type MouseEvent, useEffect, useMemo, useRef } from 'react'
import { holdsSlot } from '../../../shared/slots.ts'
import type { Transfer } from '../../../shared/transfer.ts'
import styles from '../../parts/dock.module.css'
import { useFocusMovesOn } from '../../parts/use-focus-moves-on.ts'
import { shownTransfers } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { GoneRow } from './gone-row.tsx'
import { TransferRow } from './transfer-row.tsx'
import { usePlaces } from './use-places.ts'

const rowHeight = 40
const noHolders: readonly string[] = []

/** The virtualized rows of the dock. */
export function TransferRows() {
  const transfers = useApp(shownTransfers)
  const list = useMemo(() => [...transfers.values()], [transfers])
  const { places, onPointerMove, onPointerLeave } = usePlaces(list)
  const placesInLine = useMemo(
    () => new Map(list.filter(({ status }) => status === 'waiting').map(({ id }, index) => [id, index + 1])),
    [list],
  )
  const holders = useHolders(list)
  const inQueue = list.filter(({ status }) => status === 'in-queue').length
  const scroller = useRef<HTMLDivElement>(null)
  const { onFocus, onBlur } = useFocusMovesOn(scroller)
  const virtualizer = useVirtualizer({
    count: places.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => places[index]?.transfer.id ?? index,
    overscan: 4,
  })
  const wanted = useApp((state) => state.wantedTransfer)
  const showTransfer = useApp((state) => state.showTransfer)
  const wantedAt = wanted === null ? -1 : places.findIndex(({ transfer }) => transfer.id === wanted)
  useEffect(() => {
    if (wantedAt === -1) return
    virtualizer.scrollToIndex(wantedAt, { align: 'center' })
    showTransfer(null)
  }, [wantedAt, virtualizer, showTransfer])
  if (places.length === 0) return <p className={styles.empty}>{say('transfers.empty')}</p>
  return (
    <div
      className={styles.scroller}
      ref={scroller}
      role="group"
      tabIndex={-1}
      aria-label={say('transfers.title')}
      onPointerMove={onPointerMove}
      onPointerLeave={onPointerLeave}
      onFocus={onFocus}
      onBlur={onBlur}
      onMouseDown={keepFocus}
    >
      <ul className={styles.rows} style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ index, start, key }) => {
          const place = places[index]
          if (place === undefined) return null
          const { transfer, isGone } = place
          const position = { top: start, place: index + 1, count: places.length }
          return isGone ? (
            <GoneRow key={key} transfer={transfer} {...position} />
          ) : (
            <TransferRow
              key={key}
              transfer={transfer}
              {...position}
              placeInLine={placesInLine.get(transfer.id) ?? 0}
              inQueue={transfer.status === 'in-queue' ? inQueue - 1 : 0}
              holders={transfer.status === 'waiting' ? holders : noHolders}
            />
          )
        })}
      </ul>
    </div>
  )
}

/** A click beside the buttons, such as the second one of two quick ones, leaves the focus where it is. */
function keepFocus(event: MouseEvent) {
  if (event.target instanceof Element && event.target.closest('button') === null) event.preventDefault()
}

/** The names of the transfers that hold slots; the same array as long as they do not change. */
function useHolders(list: readonly Transfer[]): readonly string[] {
  const key = list
    .filter(({ status }) => holdsSlot(status))
    .map(({ name }) => name)
    .join('\0')
  return useMemo(() => (key === '' ? noHolders : key.split('\0')), [key])
}
