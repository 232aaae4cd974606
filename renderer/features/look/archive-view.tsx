import { useVirtualizer } from '@tanstack/react-virtual'
import { File, Folder } from 'lucide-react'
import { useCallback } from 'react'
import { LookError } from '../../contents/content.ts'
import { askWorker } from '../../contents/workers.ts'
import { Icon } from '../../parts/icon.tsx'
import { Name } from '../../parts/name.tsx'
import { formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import type { ArchiveAnswer, ArchiveEntry, ArchiveRequest } from './archive-worker.ts'
import archiveWorkerUrl from './archive-worker.ts?worker&url'
import { Message } from './message.tsx'
import styles from './quick-look.module.css'
import { useLoaded } from './use-loaded.ts'
import { useScroller } from './use-scroller.ts'
import type { ViewProps } from './view.ts'

const rowHeight = 28

/** What is in a zip. Only its list is read. */
export function ArchiveView({ row, url, onFacts }: ViewProps) {
  const load = useCallback(
    async (signal: AbortSignal) => {
      const request: ArchiveRequest = { url, sizeBytes: row.sizeBytes }
      const answer = await askWorker<ArchiveAnswer>(archiveWorkerUrl, request, signal)
      if ('problem' in answer) throw new LookError(answer.problem)
      onFacts(say('look.entries', { count: answer.total }))
      return answer
    },
    [row.sizeBytes, url, onFacts],
  )
  const loaded = useLoaded(load)
  if (loaded === null) return <Message isWaiting>{say('list.loading')}</Message>
  if ('sentence' in loaded) return <Message row={row}>{loaded.sentence}</Message>
  return <Entries {...loaded.value} />
}

function Entries({ entries, total }: { entries: ArchiveEntry[]; total: number }) {
  const scroller = useScroller()
  const virtualizer = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  })
  return (
    <>
      <div ref={scroller} role="list" className={styles.entries} aria-label={say('look.archive')}>
        <div className={styles.lines} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const entry = entries[index]
            return entry === undefined ? null : (
              <div role="listitem" key={index} className={styles.entry} style={{ transform: `translateY(${start}px)` }}>
                <Icon of={entry.isFolder ? Folder : File} />
                <Name>{entry.name}</Name>
                <span className={styles.size}>
                  {entry.isFolder
                    ? ''
                    : entry.isEncrypted
                      ? `${say('look.encrypted')} · ${formatSize(entry.sizeBytes)}`
                      : formatSize(entry.sizeBytes)}
                </span>
              </div>
            )
          })}
        </div>
      </div>
      {total > entries.length ? (
        <div className={styles.strip}>{say('look.firstEntries', { shown: entries.length, total })}</div>
      ) : null}
    </>
  )
}
