import { ChevronDown, ChevronUp, CloudDownload, CloudUpload, type LucideIcon, MonitorDown } from 'lucide-react'
import { type KeyboardEvent, lazy, Suspense, useState } from 'react'
import { SaveHeader, SaveSummary } from '../features/saving/save-header.tsx'
import { SendHeader, SendSummary } from '../features/saving/send-header.tsx'
import { TransferHeader } from '../features/transfers/transfer-header.tsx'
import { TransferRows } from '../features/transfers/transfer-rows.tsx'
import { classNames } from '../parts/class-names.ts'
import styles from '../parts/dock.module.css'
import { Icon } from '../parts/icon.tsx'
import { IconButton } from '../parts/icon-button.tsx'
import { Splitter } from '../parts/splitter.tsx'
import type { DockTab } from '../store/saves.ts'
import { activeSaves, activeSends, activeTransfers } from '../store/selectors.ts'
import { useApp } from '../store/use-app.ts'
import { type MessageId, say } from '../words/say.ts'

const SaveRows = lazy(async () => ({ default: (await import('../features/saving/save-rows.tsx')).SaveRows }))
const SendRows = lazy(async () => ({ default: (await import('../features/saving/send-rows.tsx')).SendRows }))

const minHeight = 96
const maxHeight = 800
const headerHeight = 40
const tabs: readonly (readonly [tab: DockTab, title: MessageId, icon: LucideIcon])[] = [
  ['transfers', 'transfers.title', CloudDownload],
  ['saves', 'saves.title', MonitorDown],
  ['sends', 'sends.title', CloudUpload],
]

/** The transfers of the shown account, what is saved here and what is sent up, in a resizable pane at the bottom of the window. */
export function Dock() {
  const isOpen = useApp((state) => state.settings?.isDockOpen ?? true)
  const savedHeight = useApp((state) => state.settings?.dockHeight ?? 244)
  const changeSettings = useApp((state) => state.changeSettings)
  const tab = useApp((state) => state.dockTab)
  const setTab = useApp((state) => state.setDockTab)
  const counts: Record<DockTab, number> = {
    transfers: useApp(activeTransfers),
    saves: useApp(activeSaves),
    sends: useApp(activeSends),
  }
  const [dragged, setDragged] = useState<number | null>(null)
  const height = dragged ?? savedHeight

  /** The arrow keys go from tab to tab. */
  function goToTab(event: KeyboardEvent<HTMLElement>) {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const at = tabs.findIndex(([name]) => name === tab)
    const [next] = tabs[(at + step + tabs.length) % tabs.length] ?? []
    if (next !== undefined) setTab(next)
    const buttons = event.currentTarget.querySelectorAll<HTMLElement>('[role="tab"]')
    buttons[(at + step + tabs.length) % tabs.length]?.focus()
  }

  return (
    <section
      className={styles.dock}
      style={{ height: `${isOpen ? height : headerHeight}px` }}
      aria-label={say(tabs.find(([name]) => name === tab)?.[1] ?? 'transfers.title')}
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
        <div className={styles.tabs} role="tablist" onKeyDown={goToTab}>
          {tabs.map(([name, title, icon]) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={tab === name}
              tabIndex={tab === name ? 0 : -1}
              title={say(title)}
              className={classNames(styles.tab, tab === name && styles.current)}
              onClick={() => setTab(name)}
            >
              <Icon of={icon} size={15} />
              <span className={styles.label}>{say(title)}</span>
              {counts[name] > 0 ? <span className={styles.badge}>{counts[name]}</span> : null}
            </button>
          ))}
        </div>
        {tab === 'transfers' ? <TransferHeader /> : tab === 'saves' ? <SaveSummary /> : <SendSummary />}
        <span className={styles.gap} />
        {tab === 'saves' ? <SaveHeader /> : tab === 'sends' ? <SendHeader /> : null}
        <IconButton
          icon={isOpen ? ChevronDown : ChevronUp}
          label={say(isOpen ? 'transfers.collapse' : 'transfers.expand')}
          aria-expanded={isOpen}
          onClick={() => void changeSettings({ isDockOpen: !isOpen })}
        />
      </header>
      {isOpen ? (
        tab === 'transfers' ? (
          <TransferRows />
        ) : (
          <Suspense fallback={null}>{tab === 'saves' ? <SaveRows /> : <SendRows />}</Suspense>
        )
      ) : null}
    </section>
  )
}
