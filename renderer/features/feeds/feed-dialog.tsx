import { type FormEvent, useId, useRef, useState } from 'react'
import type { Feed } from '../../../shared/feed.ts'
import { FolderPicker } from '../../folders/folder-picker.tsx'
import { Button } from '../../parts/button.tsx'
import { Checkbox } from '../../parts/checkbox.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Problem } from '../../parts/problem.tsx'
import { capabilitiesOf } from '../../store/selectors.ts'
import { sentenceOf } from '../../store/sentence.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import { FeedPreview } from './feed-preview.tsx'
import styles from './feeds.module.css'

interface Props {
  accountId: string
  /** The feed that is changed; null adds one. */
  feed: Feed | null
}

/** The form of a feed. What was typed is forgotten when it closes: an address may contain secrets. */
export function FeedDialog({ accountId, feed }: Props) {
  const { close, addFeed, changeFeed } = useAppStore().getState()
  const canPreview = useApp((state) => capabilitiesOf(state, accountId).canPreviewFeeds)
  const first = useRef<HTMLInputElement>(null)
  const id = useId()
  const [address, setAddress] = useState('')
  const [title, setTitle] = useState(feed?.title ?? '')
  const [folderId, setFolderId] = useState(feed?.folderId ?? 0)
  const [wanted, setWanted] = useState(feed?.wanted ?? '')
  const [unwanted, setUnwanted] = useState(feed?.unwanted ?? '')
  const [isFromNowOn, setFromNowOn] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const [isSending, setSending] = useState(false)
  const host = hostOf(address)

  async function send() {
    const change = { title: title.trim() || host || (feed?.title ?? ''), folderId, wanted, unwanted }
    if (feed !== null) await changeFeed(accountId, feed, change)
    else
      await addFeed({
        ...change,
        accountId,
        address: address.trim(),
        title: change.title || say('feeds.untitled'),
        isFromNowOn,
      })
  }

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (isSending) return
    if (feed === null && address.trim() === '') {
      setProblem(say('feeds.noAddress'))
      first.current?.focus()
      return
    }
    setSending(true)
    setProblem(null)
    try {
      await send()
      close()
    } catch (error) {
      setProblem(sentenceOf(error))
      setSending(false)
    }
  }

  const field = (
    name: 'name' | 'wanted' | 'unwanted',
    [value, setValue]: [string, (value: string) => void],
    more: { placeholder?: string; describedBy?: string } = {},
  ) => (
    <div className={styles.field}>
      <label htmlFor={`${id}-${name}`}>{say(`feeds.${name}`)}</label>
      <input
        ref={feed !== null && name === 'name' ? first : null}
        id={`${id}-${name}`}
        className={styles.input}
        spellCheck={false}
        autoComplete="off"
        maxLength={1024}
        placeholder={more.placeholder}
        aria-describedby={more.describedBy}
        value={value}
        onChange={(event) => setValue(event.target.value)}
      />
    </div>
  )

  return (
    <Dialog
      title={feed === null ? say('feeds.addTitle') : say('feeds.changeTitle', { name: visibleName(feed.title) })}
      hasClose={false}
      initialFocus={first}
      onClose={close}
      aside={<FolderPicker accountId={accountId} folderId={folderId} onPick={setFolderId} />}
    >
      <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
        {feed !== null ? null : (
          <div className={styles.field}>
            <label htmlFor={`${id}-address`}>{say('feeds.address')}</label>
            <input
              ref={first}
              id={`${id}-address`}
              className={styles.input}
              inputMode="url"
              spellCheck={false}
              autoComplete="off"
              maxLength={8192}
              placeholder={say('feeds.addressHint')}
              aria-invalid={problem !== null}
              aria-describedby={problem === null ? undefined : `${id}-problem`}
              value={address}
              onChange={(event) => {
                setAddress(event.target.value)
                setProblem(null)
              }}
            />
          </div>
        )}
        {field('name', [title, setTitle], { placeholder: host })}
        <div className={styles.pair}>
          {field('wanted', [wanted, setWanted], { describedBy: `${id}-words` })}
          {field('unwanted', [unwanted, setUnwanted], { describedBy: `${id}-words` })}
          <p id={`${id}-words`} className={styles.hint}>
            {say('feeds.wordsHint')}
          </p>
        </div>
        {feed !== null ? null : (
          <div className={styles.choice}>
            <Checkbox
              id={`${id}-new`}
              checked={isFromNowOn}
              aria-describedby={`${id}-new-hint`}
              onChange={(event) => setFromNowOn(event.target.checked)}
            />
            <label htmlFor={`${id}-new`}>{say('feeds.fromNow')}</label>
            <p id={`${id}-new-hint`} className={styles.hint}>
              {say('feeds.fromNowHint')}
            </p>
          </div>
        )}
        {feed === null && canPreview ? (
          <FeedPreview
            key={`${address}\n${wanted}\n${unwanted}`}
            input={{ accountId, address: address.trim(), wanted, unwanted }}
          />
        ) : null}
        <Problem sentence={problem} id={`${id}-problem`} />
        <footer className={styles.foot}>
          <Button onClick={close}>{say('action.cancel')}</Button>
          <Button look="primary" type="submit" aria-disabled={isSending}>
            {say(feed === null ? 'feeds.addDo' : 'feeds.changeDo')}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}

function hostOf(address: string): string {
  return URL.parse(address.trim())?.hostname ?? ''
}
