import { CircleCheck, CircleX, FolderOpen, RotateCw } from 'lucide-react'
import { useEffect, useMemo } from 'react'
import type { HistoryEntry } from '../../../shared/transfer.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { Name } from '../../parts/name.tsx'
import { Problem } from '../../parts/problem.tsx'
import { useMinute } from '../../parts/use-minute.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { formatDay, formatExactMoment, formatMoment, formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import styles from './history-dialog.module.css'

/** The transfers that have left the list, by day, newest first. */
export function HistoryDialog({ accountId }: { accountId: string }) {
  const { close, loadHistory, clearHistory, undo } = useAppStore().getState()
  const wasCleared = useApp(({ done }) => done.at(-1)?.sentence === say('history.wasCleared'))
  const history = useApp((state) => (state.history?.accountId === accountId ? state.history : null))
  useEffect(() => void loadHistory(accountId), [loadHistory, accountId])
  const entries = history?.entries ?? null
  const today = new Date(useMinute()).setHours(0, 0, 0, 0)
  const days = useMemo(
    () => Object.entries(Object.groupBy(entries ?? [], ({ atMs }) => formatDay(atMs, today))),
    [entries, today],
  )
  return (
    <Dialog title={say('history.title')} onClose={close}>
      <Problem
        sentence={history?.problem ?? null}
        className={styles.problem}
        onRetry={() => void loadHistory(accountId)}
      />
      {entries?.length === 0 ? (
        <div className={styles.message} role="status">
          <p>{say(wasCleared ? 'history.isCleared' : 'history.empty')}</p>
          {wasCleared ? <Button onClick={() => void undo()}>{say('action.undo')}</Button> : null}
        </div>
      ) : null}
      <div className={styles.days}>
        {days.map(([day, ofDay]) => (
          <section key={day} aria-label={day}>
            <h3 className={styles.day}>{day}</h3>
            <ul>
              {ofDay?.map((entry) => (
                <Entry key={entry.id} entry={entry} />
              ))}
            </ul>
          </section>
        ))}
      </div>
      {entries === null || entries.length === 0 ? null : (
        <footer className={styles.foot}>
          <span className={styles.hint}>{say('history.cleared')}</span>
          <Button onClick={() => void clearHistory(accountId)}>{say('history.clear')}</Button>
        </footer>
      )}
    </Dialog>
  )
}

function Entry({ entry }: { entry: HistoryEntry }) {
  const { goTo, close, addAgain } = useAppStore().getState()
  const { accountId, name, outcome, atMs, sizeBytes, folderId, itemId, areLinksKnown, note } = entry
  const nowMs = useMinute()
  const second = [
    say(outcome === 'finished' ? 'history.finished' : 'history.cancelled'),
    formatMoment(atMs, nowMs),
    ...(sizeBytes === null ? [] : [formatSize(sizeBytes)]),
  ]
  return (
    <li className={styles.entry}>
      <Icon of={outcome === 'finished' ? CircleCheck : CircleX} className={styles[outcome]} />
      <div className={styles.what}>
        <Name>{name}</Name>
        <span className={styles.second} title={formatExactMoment(atMs)}>
          {second.join(' · ')}
        </span>
        {note === null ? null : <span className={styles.second}>{note}</span>}
      </div>
      {folderId === null ? null : (
        <IconButton
          icon={FolderOpen}
          label={say('action.show')}
          onClick={() => {
            close()
            goTo(accountId, folderId, itemId ?? undefined)
          }}
        />
      )}
      {areLinksKnown ? (
        <IconButton icon={RotateCw} label={say('history.again')} onClick={() => void addAgain(entry)} />
      ) : null}
    </li>
  )
}
