import { useMemo } from 'react'
import styles from '../../parts/dock.module.css'
import { shownTransfers } from '../../store/selectors.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { formatDuration, formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { summarize } from './summary.ts'

/** What the transfers are doing, in one line: how many are fetched, queued and failed, the speed, and the time left. */
export function TransferSummary() {
  const transfers = useApp(shownTransfers)
  const { showTransfer } = useAppStore().getState()
  const summary = useMemo(() => summarize(transfers.values()), [transfers])
  const { fetching, finishing, queued, sharing, failed, bytesPerSecond, secondsLeft } = summary
  const parts = [
    fetching > 0 ? say('transfers.fetching', { count: fetching }) : null,
    finishing > 0 ? say('transfers.finishing', { count: finishing }) : null,
    queued > 0 ? say('transfers.queued', { count: queued }) : null,
    sharing > 0 ? say('transfers.sharing', { count: sharing }) : null,
    bytesPerSecond > 0 ? say('speed', { size: formatSize(bytesPerSecond) }) : null,
    secondsLeft === null ? null : say('transfers.timeLeft', { time: formatDuration(secondsLeft) }),
  ].filter((part) => part !== null)

  function showFirstFailed() {
    const first = [...transfers.values()].find(({ status, isCancelled }) => status === 'error' && !isCancelled)
    if (first !== undefined) showTransfer(first.id)
  }

  return (
    <>
      {parts.length === 0 ? null : (
        <span className={styles.count} title={parts.join(' · ')}>
          {parts.join(' · ')}
        </span>
      )}
      {failed === 0 ? null : (
        <button type="button" className={styles.failed} onClick={showFirstFailed}>
          {say('transfers.failed', { count: failed })}
        </button>
      )}
    </>
  )
}
