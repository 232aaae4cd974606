import { CSPProvider } from '@base-ui/react/csp-provider'
import { Dialog as Base } from '@base-ui/react/dialog'
import { ChevronLeft, ChevronRight, MonitorDown, X } from 'lucide-react'
import { type KeyboardEvent, lazy, Suspense, useCallback, useRef, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { isMac, keysOf } from '../../parts/keys.ts'
import { Name } from '../../parts/name.tsx'
import { type Row, rowOfId } from '../../store/listing.ts'
import { shownFolder } from '../../store/selectors.ts'
import { shortHostOf } from '../../store/trust.ts'
import type { DialogState } from '../../store/ui.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { type Viewer, viewerOf } from '../../store/viewers.ts'
import { formatSize } from '../../words/format.ts'
import { type MessageId, say } from '../../words/say.ts'
import { ArchiveView } from './archive-view.tsx'
import { DrawingView } from './drawing-view.tsx'
import { Failed } from './failed.tsx'
import { FontView } from './font-view.tsx'
import { MediaView } from './media-view.tsx'
import { Message } from './message.tsx'
import { PictureView } from './picture-view.tsx'
import styles from './quick-look.module.css'
import { TextView } from './text-view.tsx'
import { useLoaded } from './use-loaded.ts'
import type { ViewProps } from './view.ts'

/** How many characters of a host there is space for. */
const maxHost = 40

const PdfView = lazy(async () => ({ default: (await import('./pdf-view.tsx')).PdfView }))

/** Quick look: shows one item after another, in the window. */
export function QuickLook({ given }: { given: Extract<DialogState, { kind: 'look' }> }) {
  const store = useAppStore()
  const { close, lookOn, saveItems, openItem } = store.getState()
  const { accountId, ids, at } = given
  const id = ids[at] ?? -1
  const listing = useApp((state) => shownFolder(state)?.listing ?? null)
  const row = listing === null ? null : rowOfId(listing, id)
  const popup = useRef<HTMLDivElement>(null)
  const save = () => void saveItems(accountId, [id], 'last')
  const open = () => {
    if (row === null || row.kind === 'folder') return
    close()
    void openItem(accountId, row)
  }

  function onKeyDown(event: KeyboardEvent) {
    const isCommand = isMac ? event.metaKey : event.ctrlKey
    const isInControl = event.target instanceof HTMLButtonElement || event.target instanceof HTMLMediaElement
    if (event.key === 'ArrowRight' && !(event.target instanceof HTMLMediaElement)) lookOn(1)
    else if (event.key === 'ArrowLeft' && !(event.target instanceof HTMLMediaElement)) lookOn(-1)
    else if (event.key === ' ' && !isInControl) close()
    else if (event.key === 'Enter' && !isInControl) open()
    else if (isCommand && event.key.toLowerCase() === 's') save()
    else return
    event.preventDefault()
  }

  return (
    <CSPProvider disableStyleElements>
      <Base.Root open onOpenChange={(isOpen) => (isOpen ? undefined : close())}>
        <Base.Portal>
          <Base.Backdrop className={styles.overlay} />
          <Base.Popup ref={popup} className={styles.popup} initialFocus={popup} onKeyDown={onKeyDown}>
            {row === null ? (
              <>
                <Base.Title className={styles.gone}>{say('look.title')}</Base.Title>
                <Message>{say('look.gone')}</Message>
              </>
            ) : (
              <Look key={row.id} row={row} given={given} onSave={save} onOpen={open} />
            )}
            <footer className={styles.keys} aria-hidden="true">
              <Keys keys={['Space']} of="look.close" />
              <Keys keys={['←', '→']} of="look.next" />
              {row !== null && ['picture', 'drawing'].includes(viewerOf(row)) ? (
                <Keys keys={['+', '−']} of="look.zoom" />
              ) : null}
              <Keys keys={['Enter']} of="look.open" />
              <Keys keys={[keysOf('Ctrl', 'S')]} of="look.save" />
            </footer>
          </Base.Popup>
        </Base.Portal>
      </Base.Root>
    </CSPProvider>
  )
}

function Keys({ keys, of }: { keys: readonly string[]; of: MessageId }) {
  return (
    <span>
      {keys.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}{' '}
      {say(of)}
    </span>
  )
}

interface LookProps {
  row: Row
  given: Extract<DialogState, { kind: 'look' }>
  onSave(): void
  onOpen(): void
}

/** One item: its name and facts, what can be done with it, and its content. */
function Look({ row, given, onSave, onOpen }: LookProps) {
  const { close, lookOn } = useAppStore().getState()
  const [facts, setFacts] = useState<string | null>(null)
  const { ids, at } = given
  return (
    <>
      <header className={styles.head}>
        <IconButton icon={X} label={say('action.close')} keys="Esc" onClick={close} />
        <Base.Title className={styles.title}>
          <Name>{row.name}</Name>
        </Base.Title>
        <span className={styles.about}>
          {[formatSize(row.sizeBytes), ...(facts === null ? [] : [facts])].join(' · ')}
        </span>
        {ids.length > 1 ? (
          <>
            <span className={styles.count}>{say('look.place', { at: at + 1, total: ids.length })}</span>
            <IconButton
              icon={ChevronLeft}
              label={say('look.previous')}
              keys="←"
              disabled={at === 0}
              onClick={() => lookOn(-1)}
            />
            <IconButton
              icon={ChevronRight}
              label={say('look.following')}
              keys="→"
              disabled={at === ids.length - 1}
              onClick={() => lookOn(1)}
            />
          </>
        ) : null}
        <Button title={keysOf('Ctrl', 'S')} onClick={onSave}>
          <Icon of={MonitorDown} />
          {say('look.saveIt')}
        </Button>
        {row.kind === 'folder' ? null : (
          <Button onClick={onOpen}>
            {say(row.kind === 'movie' || row.kind === 'audio' ? 'action.play' : 'action.open')}
          </Button>
        )}
      </header>
      <div className={styles.content}>
        <Content accountId={given.accountId} row={row} onFacts={setFacts} />
      </div>
    </>
  )
}

function Content({ accountId, row, onFacts }: { accountId: string; row: Row; onFacts(facts: string): void }) {
  const [attempt, setAttempt] = useState(1)
  const viewer = viewerOf(row)
  if (row.kind === 'folder') return <Message row={row}>{say('look.folder')}</Message>
  if (row.sizeBytes === 0) return <Message row={row}>{say('look.empty')}</Message>
  if (viewer === 'facts') return <Message row={row}>{say('look.onlyFacts')}</Message>
  const onRetry = () => setAttempt(attempt + 1)
  return <Opened key={attempt} accountId={accountId} row={row} viewer={viewer} onFacts={onFacts} onRetry={onRetry} />
}

interface OpenedProps {
  accountId: string
  row: Row
  viewer: Exclude<Viewer, 'facts'>
  onFacts(facts: string): void
  onRetry(): void
}

function Opened({ accountId, row, viewer, onFacts, onRetry }: OpenedProps) {
  const store = useAppStore()
  const isPlayed = viewer === 'film' || viewer === 'sound'
  const load = useCallback(
    () => store.getState().openContent(accountId, row.id, isPlayed),
    [store, accountId, row.id, isPlayed],
  )
  const loaded = useLoaded(load)
  if (loaded === null) return <Message isWaiting>{say('list.loading')}</Message>
  if ('sentence' in loaded) {
    const { sentence, untrustedOrigin: origin } = loaded
    if (origin === null) return <Failed row={row} failure={loaded} onRetry={onRetry} />
    const ask = () => store.getState().askToTrust(accountId, origin, store.getState().dialog)
    const action = <Button onClick={ask}>{say('trust.ask', { host: shortHostOf(origin, maxHost) })}</Button>
    return (
      <Message row={row} action={action}>
        {sentence}
      </Message>
    )
  }
  return <View viewer={viewer} row={row} url={loaded.value} onFacts={onFacts} onRetry={onRetry} />
}

function View({ viewer, ...props }: ViewProps & { viewer: Exclude<Viewer, 'facts'> }) {
  switch (viewer) {
    case 'picture':
      return <PictureView {...props} />
    case 'drawing':
      return <DrawingView {...props} />
    case 'text':
      return <TextView {...props} />
    case 'pdf':
      return (
        <Suspense fallback={<Message isWaiting>{say('list.loading')}</Message>}>
          <PdfView {...props} />
        </Suspense>
      )
    case 'film':
    case 'sound':
      return <MediaView {...props} isFilm={viewer === 'film'} />
    case 'archive':
      return <ArchiveView {...props} />
    case 'font':
      return <FontView {...props} />
    default: {
      const never: never = viewer
      return never
    }
  }
}
