import { useVirtualizer } from '@tanstack/react-virtual'
import { File, Folder } from 'lucide-react'
import { useCallback } from 'react'
import { LookError } from '../../contents/content.ts'
import { askWorker } from '../../contents/workers.ts'
import { Icon } from '../../parts/icon.tsx'
import { Name } from '../../parts/name.tsx'
import { formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import type { ArchiveEntry } from './archive/entry.ts'
import type { ArchiveList } from './archive/list-archive.ts'
import type { ArchiveAnswer, ArchiveRequest } from './archive-worker.ts'
import archiveWorkerUrl from './archive-worker.ts?worker&url'
import { Failed } from './failed.tsx'
import { Message } from './message.tsx'
import styles from './quick-look.module.css'
import { useLoaded } from './use-loaded.ts'
import { useScroller } from './use-scroller.ts'
import type { ViewProps } from './view.ts'

const rowHeight = 28

/** What is in an archive. Only its list is read. */
export function ArchiveView({ row, url, onFacts, onRetry }: ViewProps) {
  const load = useCallback(
    async (signal: AbortSignal) => {
      const request: ArchiveRequest = { url, name: row.name, sizeBytes: row.sizeBytes }
      const answer = await askWorker<ArchiveAnswer>(archiveWorkerUrl, request, signal)
      if ('problem' in answer) throw new LookError(answer.problem)
      if (answer.end === 'whole') onFacts(say('look.entries', { count: answer.entries.length }))
      return answer
    },
    [row.name, row.sizeBytes, url, onFacts],
  )
  const loaded = useLoaded(load)
  if (loaded === null) return <Message isWaiting>{say('list.loading')}</Message>
  if ('sentence' in loaded) return <Failed row={row} failure={loaded} onRetry={onRetry} />
  if (loaded.value.entries.length === 0) return <Message row={row}>{say('look.emptyArchive')}</Message>
  return <Entries {...loaded.value} />
}

function Entries({ entries, end }: ArchiveList) {
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
                <span className={styles.size}>{factsOf(entry)}</span>
              </div>
            )
          })}
        </div>
      </div>
      {end === 'whole' ? null : (
        <div className={styles.strip} role="status">
          {say(end === 'limit' ? 'look.cutList' : 'look.damagedList', { count: entries.length })}
        </div>
      )}
    </>
  )
}

function factsOf({ isFolder, isEncrypted, sizeBytes }: ArchiveEntry): string {
  if (isFolder) return ''
  return [...(isEncrypted ? [say('look.encrypted')] : []), ...(sizeBytes === null ? [] : [formatSize(sizeBytes)])].join(
    ' · ',
  )
}
