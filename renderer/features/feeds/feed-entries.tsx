import { CircleCheck, CircleX, Download, FolderOpen, RotateCw } from 'lucide-react'
import type { Feed, FeedItem } from '../../../shared/feed.ts'
import { Icon } from '../../parts/icon.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { Name } from '../../parts/name.tsx'
import { Problem } from '../../parts/problem.tsx'
import { useMinute } from '../../parts/use-minute.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { formatExactMoment, formatMoment } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import styles from './feeds.module.css'

interface Props {
  accountId: string
  feed: Feed
}

/** What a feed has found, and what became of it. */
export function FeedEntries({ accountId, feed }: Props) {
  const openFeed = useApp((state) => state.openFeed)
  const { showFeed } = useAppStore().getState()
  const items = openFeed?.items ?? null
  const problem = openFeed?.problem ?? null
  return (
    <div className={styles.entries}>
      <Problem sentence={problem} className={styles.broken} onRetry={() => void showFeed(accountId, feed.id)} />
      {items === null && problem === null ? <p className={styles.quiet}>{say('list.loading')}</p> : null}
      {items?.length === 0 ? <p className={styles.quiet}>{say('feeds.noEntries')}</p> : null}
      {items === null || items.length === 0 ? null : (
        <ul aria-label={say('feeds.entries', { name: visibleName(feed.title) })}>
          {items.map((item) => (
            <Entry key={item.id} accountId={accountId} feed={feed} item={item} />
          ))}
        </ul>
      )}
    </div>
  )
}

function Entry({ accountId, feed, item }: Props & { item: FeedItem }) {
  const { goTo, retryFeedItem } = useAppStore().getState()
  const { title, itemId, problem, foundAtMs } = item
  const nowMs = useMinute()
  const outcome = problem !== null ? 'lost' : itemId === null ? 'added' : 'arrived'
  const second = [
    ...(foundAtMs === null ? [] : [formatMoment(foundAtMs, nowMs)]),
    problem ?? say(itemId === null ? 'feeds.isAdded' : 'feeds.arrived'),
  ]
  return (
    <li className={styles.entry}>
      <Icon of={icons[outcome]} className={styles[outcome]} />
      <div className={styles.what}>
        <Name>{title}</Name>
        <span className={styles.second} title={foundAtMs === null ? undefined : formatExactMoment(foundAtMs)}>
          {second.join(' · ')}
        </span>
      </div>
      {itemId === null ? null : (
        <IconButton
          icon={FolderOpen}
          label={say('action.show')}
          onClick={() => goTo(accountId, feed.folderId, itemId)}
        />
      )}
      {problem === null ? null : (
        <IconButton
          icon={RotateCw}
          label={say('feeds.again', { name: visibleName(title) })}
          onClick={() => void retryFeedItem(accountId, feed.id, item)}
        />
      )}
    </li>
  )
}

const icons = { lost: CircleX, added: Download, arrived: CircleCheck }
