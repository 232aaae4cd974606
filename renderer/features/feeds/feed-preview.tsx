import { Check } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { Input } from '../../../shared/contract.ts'
import type { FeedPreview as Preview } from '../../../shared/feed.ts'
import { Button } from '../../parts/button.tsx'
import { classNames } from '../../parts/class-names.ts'
import { Icon } from '../../parts/icon.tsx'
import { Name } from '../../parts/name.tsx'
import { sentenceOf } from '../../store/sentence.ts'
import { useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './feeds.module.css'

type State =
  | { state: 'none' }
  | { state: 'reading' }
  | { state: 'read'; preview: Preview }
  | { state: 'failed'; problem: string }

/** Shows what of a feed would be fetched, when the person asks for it. Another address or filter begins again. */
export function FeedPreview({ input }: { input: Input<'feeds.preview'> }) {
  const { previewFeed } = useAppStore().getState()
  const [shown, setShown] = useState<State>({ state: 'none' })
  const reading = useRef<AbortController | null>(null)
  useEffect(() => () => reading.current?.abort(), [])

  async function read() {
    if (shown.state === 'reading') return
    if (input.address === '') return setShown({ state: 'failed', problem: say('feeds.noAddress') })
    const controller = new AbortController()
    reading.current = controller
    const { signal } = controller
    setShown({ state: 'reading' })
    try {
      const preview = await previewFeed(input, signal)
      if (!signal.aborted) setShown({ state: 'read', preview })
    } catch (error) {
      if (!signal.aborted) setShown({ state: 'failed', problem: sentenceOf(error) })
    }
  }

  return (
    <div className={styles.preview}>
      <Button aria-disabled={shown.state === 'reading'} onClick={() => void read()}>
        {say('feeds.preview')}
      </Button>
      <p role="status" className={classNames(styles.hint, shown.state === 'failed' && styles.problem)}>
        {statusOf(shown)}
      </p>
      {shown.state === 'read' && shown.preview.entries.length > 0 ? (
        <ul className={styles.previewed}>
          {withKeys(shown.preview.entries).map(({ key, title, isMatch }) => (
            <li key={key} className={classNames(styles.candidate, !isMatch && styles.unmatched)}>
              {isMatch ? <Icon of={Check} size={14} className={styles.arrived} /> : <span />}
              <Name>{title}</Name>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}

/** Several entries may have the same title. */
function withKeys(entries: Preview['entries']) {
  return entries.map((entry, key) => ({ ...entry, key }))
}

function statusOf(shown: State): string {
  switch (shown.state) {
    case 'none':
      return ''
    case 'reading':
      return say('feeds.reading')
    case 'failed':
      return shown.problem
    case 'read': {
      const { entries, matching, total } = shown.preview
      if (total === 0) return say('feeds.noEntry')
      if (entries.length === total) return say('feeds.previewed', { matching, total })
      return say('feeds.previewedFirst', { matching, total, shown: entries.length })
    }
    default:
      return shown satisfies never
  }
}
