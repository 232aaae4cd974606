import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useState } from 'react'
import { LookError } from '../../contents/content.ts'
import { askWorker } from '../../contents/workers.ts'
import { Button } from '../../parts/button.tsx'
import { formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { Failed } from './failed.tsx'
import { Message } from './message.tsx'
import styles from './quick-look.module.css'
import { maxTextBytes, type Text } from './text.ts'
import type { TextAnswer, TextRequest } from './text-worker.ts'
import textWorkerUrl from './text-worker.ts?worker&url'
import { useLoaded } from './use-loaded.ts'
import { useScroller } from './use-scroller.ts'
import type { ViewProps } from './view.ts'

const lineHeight = 20

/** A text with numbered lines, or its beginning. */
export function TextView({ row, url, onFacts, onRetry }: ViewProps) {
  const load = useCallback(
    async (signal: AbortSignal) => {
      const request: TextRequest = { url, sizeBytes: row.sizeBytes }
      const answer = await askWorker<TextAnswer>(textWorkerUrl, request, signal)
      if ('problem' in answer) throw new LookError(answer.problem)
      onFacts(answer.text.encoding.toUpperCase())
      return answer
    },
    [row.sizeBytes, url, onFacts],
  )
  const loaded = useLoaded(load)
  if (loaded === null) return <Message isWaiting>{say('list.loading')}</Message>
  if ('sentence' in loaded) return <Failed row={row} failure={loaded} onRetry={onRetry} />
  return <Lines text={loaded.value.text} isCut={loaded.value.isCut} />
}

function Lines({ text, isCut }: { text: Text; isCut: boolean }) {
  const [isWrapped, setWrapped] = useState(true)
  const scroller = useScroller()
  const virtualizer = useVirtualizer({
    count: text.lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 20,
  })
  const digits = `${Math.max(0, ...text.numbers.slice(-2))}`.length
  return (
    <>
      <div ref={scroller} role="document" className={styles.text} aria-label={say('look.text')}>
        <div className={styles.lines} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => (
            <div
              key={index}
              data-index={index}
              ref={virtualizer.measureElement}
              className={isWrapped ? styles.wrapped : styles.line}
              style={{ transform: `translateY(${start}px)` }}
            >
              <span className={styles.number} style={{ width: `${digits + 1}ch` }} aria-hidden="true">
                {text.numbers[index] === 0 ? '' : text.numbers[index]}
              </span>
              <bdi className={styles.words}>{text.lines[index]}</bdi>
            </div>
          ))}
        </div>
      </div>
      <div className={styles.strip}>
        <span>
          {isCut
            ? say('look.beginning', { size: formatSize(maxTextBytes) })
            : say('look.lines', { count: Math.max(...text.numbers.slice(-1), 0) })}
        </span>
        <Button
          look="quiet"
          aria-pressed={isWrapped}
          onClick={() => {
            setWrapped(!isWrapped)
            virtualizer.measure()
          }}
        >
          {say(isWrapped ? 'look.noWrap' : 'look.wrap')}
        </Button>
      </div>
    </>
  )
}
