import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react'
import type { AnalyzedLink } from '../../../shared/analysis.ts'
import { FolderPicker } from '../../folders/folder-picker.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { keysOf } from '../../parts/keys.ts'
import { runningOf } from '../../store/disk-space.ts'
import { chooseFiles } from '../../store/open-links.ts'
import { isNotFound, sentenceOf } from '../../store/sentence.ts'
import type { DialogState } from '../../store/ui.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './add-links.module.css'
import { AddLinksFoot } from './add-links-foot.tsx'
import { DraftHint } from './draft-hint.tsx'
import { type Available, chooseBest, keepLedger, ticksAtFirst } from './ledger.ts'
import { LedgerTable } from './ledger-table.tsx'
import { LinkRows } from './link-rows.tsx'
import { TorrentChips } from './torrent-chips.tsx'

const debounceMs = 300
/** What is in the dialog survives a restart from then on. */
const storeAfterMs = 1000
const noRows: readonly AnalyzedLink[] = []

interface Props {
  given: Extract<DialogState, { kind: 'add-links' }>
}

/** The dialog for adding links. It shows what they cost before anything is fetched. */
export function AddLinks({ given }: Props) {
  const { text, files, accountId, folderId } = given
  const store = useAppStore()
  const { open, close, leaveAddLinks, discardLinks } = store.getState()
  const analysis = useApp((state) => state.analysis)
  const quota = useApp((state) => state.quotas.get(accountId))
  const transfers = useApp((state) => state.transfers.get(accountId))
  const [choices, setChoices] = useState<ReadonlyMap<string, boolean>>(new Map())
  const [isAdding, setAdding] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const [notice, setNotice] = useState<string | null>(null)
  /** Links that the service refused, why, and what became of the others. */
  const [receipt, setReceipt] = useState<Receipt | null>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  const isFirst = useRef(true)

  useEffect(() => {
    const wait = isFirst.current ? 0 : debounceMs
    isFirst.current = false
    const timer = setTimeout(() => void store.getState().analyze(accountId, { text, files }), wait)
    return () => clearTimeout(timer)
  }, [text, files, accountId, store])
  useEffect(() => () => store.getState().forgetAnalysis(), [store])
  useEffect(() => {
    if (text === '') return
    const timer = setTimeout(() => void store.getState().storeDraft(), storeAfterMs)
    return () => clearTimeout(timer)
  }, [text, store])

  const running = useMemo(() => runningOf(transfers?.values() ?? []), [transfers])
  const { report, space } = analysis
  const knownBytes = space?.freeBytes ?? null
  const freeBytes = knownBytes === null ? null : Math.round(knownBytes)
  const rows = report?.rows ?? noRows
  const means = useMemo<Available>(
    () => ({
      diskFreeBytes: freeBytes,
      bandwidthLeftBytes: report?.bandwidthLeftBytes ?? null,
      largestFileBytes: quota?.largestFileBytes ?? null,
      runningBytes: running.bytes,
    }),
    [report, quota, running, freeBytes],
  )
  const atFirst = useMemo(() => ticksAtFirst(rows, means), [rows, means])
  const ticked = useMemo(
    () =>
      new Set(
        [...rows.keys()].filter(
          (at) => choices.get(keyOf(rows[at])) ?? (atFirst.has(at) && refusalOf(receipt, rows[at]) === null),
        ),
      ),
    [rows, choices, atFirst, receipt],
  )
  const ledger = useMemo(() => keepLedger(rows, (at) => ticked.has(at), means), [rows, ticked, means])

  async function submit() {
    const links = rows.filter((_, at) => ticked.has(at)).flatMap((row) => row.links)
    if (isAdding) return
    // Links that are still being looked at, or could not be, stay in the dialog.
    const reported = new Set(rows.flatMap((row) => row.links))
    const isWhole = !analysis.isRunning && analysis.problem === null
    const missing = isWhole ? [] : analysis.links.filter((link) => !reported.has(link))
    if (links.length === 0) {
      if (missing.length > 0) setNotice(say('links.stillLooking'))
      else setProblem(say('links.nothingChosen'))
      return
    }
    setAdding(true)
    setProblem(null)
    setReceipt(null)
    try {
      const { count, refused } = await store.getState().addTransfers(accountId, links, folderId)
      if (refused.length > 0) {
        const sentences = new Map(refused.map(({ link, sentence }) => [link, sentence]))
        const kept = new Set([...sentences.keys(), ...missing])
        setReceipt({ sentences, sentence: say('links.addedRefused', { count, refused: refused.length }) })
        setChoices(new Map())
        const left = analysis.links.filter((link) => kept.has(link))
        store.getState().keepRows(left)
        store.getState().leaveLinks(left)
        setAdding(false)
        return
      }
      if (missing.length > 0) {
        store.getState().keepAnalyzing(missing)
        store.getState().leaveLinks(missing)
        setNotice(say('links.addedSome', { count: links.length, left: missing.length }))
        setAdding(false)
        return
      }
      close()
      void store.getState().storeDraft()
    } catch (error) {
      setProblem(isNotFound(error) ? say('links.folderGone') : sentenceOf(error))
      setAdding(false)
    }
  }

  function onKeyDown(event: KeyboardEvent) {
    if (!(event.ctrlKey || event.metaKey)) return
    if (event.key === 'Enter') void submit()
    else if (event.key === 'o') chooseFiles(store)
    else return
    event.preventDefault()
  }

  return (
    <Dialog
      title={say('links.title')}
      width="wide"
      hasClose={false}
      initialFocus={field}
      onClose={leaveAddLinks}
      aside={
        <FolderPicker
          accountId={accountId}
          folderId={folderId}
          onPick={(picked) => open({ ...given, folderId: picked })}
        />
      }
    >
      <div className={styles.body} onKeyDown={onKeyDown} role="group" aria-label={say('links.title')}>
        <textarea
          ref={field}
          className={styles.text}
          aria-label={say('links.text')}
          placeholder={say('links.hint')}
          rows={3}
          spellCheck={false}
          value={text}
          onChange={(event) => open({ ...given, text: event.target.value })}
        />
        <DraftHint />
        <TorrentChips
          files={files}
          onRemove={(link) => open({ ...given, files: files.filter((file) => file.link !== link) })}
        />
        <LinkRows
          isEmpty={text.trim() === ''}
          ledger={ledger}
          ticked={ticked}
          refusalOf={(row) => refusalOf(receipt, row)}
          onTick={(at, isTicked) => setChoices(new Map(choices).set(keyOf(rows[at]), isTicked))}
          onRetry={() => void store.getState().analyze(accountId, { text, files })}
        />
        {report === null || rows.length === 0 ? null : (
          <LedgerTable
            report={{ ...report, diskFreeBytes: freeBytes }}
            quota={quota ?? null}
            running={running}
            ledger={ledger}
          />
        )}
        <AddLinksFoot
          count={ticked.size}
          report={rows.length > 0 ? (report?.report ?? null) : null}
          files={files}
          isAdding={isAdding}
          isOver={
            report !== null &&
            ticked.size > 0 &&
            ((ledger.diskLeftBytes ?? 0) < 0 || (ledger.bandwidthLeftBytes ?? 0) < 0)
          }
          problem={problem}
          notice={receipt?.sentence ?? (analysis.isRunning ? notice : null)}
          keys={keysOf('Ctrl', 'Enter')}
          onBest={() => {
            const best = chooseBest(rows, means)
            setChoices(new Map(rows.map((row, at) => [keyOf(row), best.has(at)])))
          }}
          onChoose={() => chooseFiles(store)}
          onCancel={() => void discardLinks()}
          onSubmit={() => void submit()}
        />
      </div>
    </Dialog>
  )
}

/** What became of links that were added together, if some were refused. */
interface Receipt {
  /** Why, by the link. */
  sentences: ReadonlyMap<string, string>
  sentence: string
}

/** Why the service refused a row; null if it did not. */
function refusalOf(receipt: Receipt | null, row: AnalyzedLink | undefined): string | null {
  const link = row?.links.find((one) => receipt?.sentences.has(one) === true)
  return link === undefined ? null : (receipt?.sentences.get(link) ?? null)
}

function keyOf(row: AnalyzedLink | undefined): string {
  return row?.links.join('\n') ?? ''
}
