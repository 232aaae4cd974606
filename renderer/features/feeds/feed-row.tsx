import { ChevronDown, ChevronRight, Pause, Pencil, Play, Rss, Trash2 } from 'lucide-react'
import { type KeyboardEvent, useEffect } from 'react'
import type { Feed } from '../../../shared/feed.ts'
import { classNames } from '../../parts/class-names.ts'
import { Icon } from '../../parts/icon.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { keysOf } from '../../parts/keys.ts'
import { Name } from '../../parts/name.tsx'
import { useMinute } from '../../parts/use-minute.ts'
import { folderPath } from '../../store/selectors.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { formatMoment } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import { FeedEntries } from './feed-entries.tsx'
import styles from './feeds.module.css'

interface Props {
  accountId: string
  feed: Feed
  /** Its place in the list, from 1, and the length of the list. */
  at: number
  of: number
}

/** One feed: where it comes from, where its files go, its state, and its entries when it is open. */
export function FeedRow({ accountId, feed, at, of }: Props) {
  const { showFeed, pauseFeed, resumeFeed, removeFeed, open, loadPath } = useAppStore().getState()
  const isOpen = useApp(({ openFeed }) => openFeed?.accountId === accountId && openFeed.feedId === feed.id)
  const folder = useApp((state) => folderPath(state, accountId, feed.folderId))
  const { id, title, folderId, isPaused, problem, failedItems } = feed
  const name = visibleName(title)
  const nowMs = useMinute()
  const second = secondLine(feed, { folder: folder ?? say('place.folder'), nowMs })

  useEffect(() => {
    if (folder === null) void loadPath(accountId, folderId)
  }, [folder, accountId, folderId, loadPath])

  function toggle() {
    void showFeed(accountId, isOpen ? null : id)
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Delete') void removeFeed(accountId, feed)
    else if (event.key === (isOpen ? 'ArrowLeft' : 'ArrowRight')) toggle()
    else if (event.key === 'F2') open({ kind: 'feed', accountId, feed })
    else return
    event.preventDefault()
  }

  return (
    <li className={styles.feed} aria-posinset={at} aria-setsize={of}>
      <div className={styles.line}>
        <button
          type="button"
          data-feed
          data-focus-place={at}
          className={styles.toggle}
          aria-expanded={isOpen}
          onClick={toggle}
          onKeyDown={onKeyDown}
        >
          <Icon of={isOpen ? ChevronDown : ChevronRight} size={14} className={styles.twist} />
          <Icon of={Rss} className={classNames(styles.icon, isPaused && styles.resting)} />
          <span className={styles.what}>
            <Name>{title}</Name>
            <span className={styles.second} title={second}>
              <bdi>{second}</bdi>
            </span>
          </span>
          {isPaused ? <span className={classNames(styles.pill, styles.paused)}>{say('feeds.isPaused')}</span> : null}
          {problem === null ? null : (
            <span className={classNames(styles.pill, styles.failed)}>{say('feeds.isBroken')}</span>
          )}
          {failedItems > 0 ? (
            <span className={classNames(styles.pill, styles.failed)}>
              {say('feeds.failedItems', { count: failedItems })}
            </span>
          ) : null}
        </button>
        {isPaused ? (
          <IconButton
            icon={Play}
            label={say('feeds.resume', { name })}
            onClick={() => void resumeFeed(accountId, feed)}
          />
        ) : (
          <IconButton
            icon={Pause}
            label={say('feeds.pause', { name })}
            onClick={() => void pauseFeed(accountId, feed)}
          />
        )}
        <IconButton
          icon={Pencil}
          label={say('feeds.change', { name })}
          keys="F2"
          onClick={() => open({ kind: 'feed', accountId, feed })}
        />
        <IconButton
          icon={Trash2}
          label={say('feeds.remove', { name })}
          keys={keysOf('Delete')}
          onClick={() => void removeFeed(accountId, feed)}
        />
      </div>
      {problem === null ? null : <p className={styles.reason}>{problem}</p>}
      {isOpen ? <FeedEntries accountId={accountId} feed={feed} /> : null}
    </li>
  )
}

/** Where a feed comes from, where its files go, what of it is fetched, and when it was read. */
function secondLine(
  { host, wanted, unwanted, checkedAtMs }: Feed,
  { folder, nowMs }: { folder: string; nowMs: number },
): string {
  const parts = [
    host,
    folder,
    wanted === '' ? '' : say('feeds.only', { words: wanted }),
    unwanted === '' ? '' : say('feeds.without', { words: unwanted }),
    checkedAtMs === null ? say('feeds.notChecked') : say('feeds.checked', { when: formatMoment(checkedAtMs, nowMs) }),
  ]
  return parts.filter((part) => part !== '').join(' · ')
}
