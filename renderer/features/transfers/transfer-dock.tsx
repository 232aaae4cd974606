import { ChevronDown, ChevronUp, History } from 'lucide-react'
import { useState } from 'react'
import { holdsSlot } from '../../../shared/slots.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { Splitter } from '../../parts/splitter.tsx'
import { shownTransfers } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { SlotMeter } from './slot-meter.tsx'
import styles from './transfer-dock.module.css'
import { TransferRows } from './transfer-rows.tsx'

const minHeight = 96
const maxHeight = 800
const headerHeight = 40

/** The transfers of the shown account, in a resizable pane at the bottom of the window. */
export function TransferDock() {
  const transfers = useApp(shownTransfers)
  const isOpen = useApp((state) => state.settings?.isDockOpen ?? true)
  const savedHeight = useApp((state) => state.settings?.dockHeight ?? 244)
  const accountId = useApp((state) => state.place?.accountId ?? null)
  const changeSettings = useApp((state) => state.changeSettings)
  const open = useApp((state) => state.open)
  const [dragged, setDragged] = useState<number | null>(null)
  const height = dragged ?? savedHeight
  const active = [...transfers.values()].filter(({ status }) => holdsSlot(status)).length

  return (
    <section
      className={styles.dock}
      style={{ height: `${isOpen ? height : headerHeight}px` }}
      aria-label={say('transfers.title')}
      data-pane="transfers"
    >
      {isOpen ? (
        <Splitter
          label={say('transfers.height')}
          direction="horizontal"
          value={height}
          min={minHeight}
          max={maxHeight}
          isReversed
          onMove={setDragged}
          onDone={(value) => {
            setDragged(value)
            void changeSettings({ dockHeight: value }).then(() => setDragged(null))
          }}
        />
      ) : null}
      <header className={styles.header}>
        <h2 className={styles.title}>{say('transfers.title')}</h2>
        <span className={styles.count}>{say('transfers.active', { count: active })}</span>
        <SlotMeter />
        <span className={styles.gap} />
        <Button
          look="pill"
          onClick={() => {
            if (accountId !== null) open({ kind: 'history', accountId })
          }}
        >
          <Icon of={History} size={13} />
          {say('transfers.history')}
        </Button>
        <IconButton
          icon={isOpen ? ChevronDown : ChevronUp}
          label={say(isOpen ? 'transfers.collapse' : 'transfers.expand')}
          aria-expanded={isOpen}
          onClick={() => void changeSettings({ isDockOpen: !isOpen })}
        />
      </header>
      {isOpen ? <TransferRows /> : null}
    </section>
  )
}
