import { Rss } from 'lucide-react'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import type { Feed } from '../../../shared/feed.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Problem } from '../../parts/problem.tsx'
import { useFocusMovesOn } from '../../parts/use-focus-moves-on.ts'
import { listProblem } from '../../store/selectors.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { FeedRow } from './feed-row.tsx'
import styles from './feeds.module.css'
import { useFreshFeeds } from './use-fresh-feeds.ts'

/** The feeds of the shown account. Each opens to its entries. */
export function FeedList() {
  const store = useAppStore()
  const accountId = useApp((state) => state.place?.accountId ?? '')
  const feeds = useApp((state) => (state.feeds?.accountId === accountId ? state.feeds : null))
  const problem = useApp((state) => listProblem(state, feeds?.problem ?? null))
  const filter = useApp((state) => state.filter.trim().toLowerCase())
  const list = useRef<HTMLDivElement>(null)
  const { open, refresh } = store.getState()
  const rows = feeds?.rows ?? null
  const shown = rows?.filter((feed) => matches(feed, filter)) ?? []
  const focusMovesOn = useFocusMovesOn(list)
  useFreshFeeds(accountId, rows)
  useEffect(() => list.current?.focus(), [])

  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const heads = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-feed]')]
    const row = event.target instanceof Element ? event.target.closest('[aria-posinset]') : null
    const at = heads.findIndex((head) => row?.contains(head))
    const to = placeFor(event.key, at, heads.length)
    if (to === null) return
    heads[Math.max(0, Math.min(heads.length - 1, to))]?.focus()
    event.preventDefault()
  }

  return (
    <section className={styles.pane} aria-label={say('place.feeds')} data-pane="items">
      <header className={styles.head}>
        <p className={styles.hint}>{say('feeds.hint')}</p>
        <Button onClick={() => open({ kind: 'feed', accountId, feed: null })}>
          <Icon of={Rss} />
          {say('feeds.add')}
        </Button>
      </header>
      <Problem sentence={problem} className={styles.broken} onRetry={refresh} />
      <div
        id="items"
        ref={list}
        role="group"
        tabIndex={-1}
        aria-label={say('place.feeds')}
        className={styles.scroller}
        onKeyDown={onKeyDown}
        {...focusMovesOn}
      >
        {shown.length === 0 ? null : (
          <ul>
            {shown.map((feed, index) => (
              <FeedRow key={feed.id} accountId={accountId} feed={feed} at={index + 1} of={shown.length} />
            ))}
          </ul>
        )}
        {rows === null && feeds?.problem == null ? <p className={styles.loading}>{say('list.loading')}</p> : null}
        {rows !== null && shown.length === 0 ? (
          <div className={styles.empty}>
            <Icon of={Rss} size={26} />
            <p>{rows.length === 0 ? say('feeds.empty') : say('feeds.noMatch', { words: filter })}</p>
          </div>
        ) : null}
      </div>
    </section>
  )
}

function matches({ title, host }: Feed, filter: string): boolean {
  return title.toLowerCase().includes(filter) || host.includes(filter)
}

/** The row that a key moves to from the row at `at`; null for other keys. */
function placeFor(key: string, at: number, count: number): number | null {
  if (key === 'ArrowDown') return at + 1
  if (key === 'ArrowUp') return at === -1 ? 0 : at - 1
  if (key === 'Home') return 0
  return key === 'End' ? count - 1 : null
}
