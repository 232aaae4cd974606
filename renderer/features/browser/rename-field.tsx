import { type KeyboardEvent, useRef, useState } from 'react'
import { problemOfName, stemLength } from '../../store/item-names.ts'
import { allNames, type Row } from '../../store/listing.ts'
import { shownFolder } from '../../store/selectors.ts'
import { sentenceAbout } from '../../store/sentence.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './file-list.module.css'

/** An inline field for renaming. Invalid names are reported below it before anything is sent. */
export function RenameField({ accountId, row }: { accountId: string; row: Row }) {
  const store = useAppStore()
  const setRenaming = useApp((state) => state.setRenaming)
  const refused = useApp((state) => state.renaming?.problem ?? null)
  const [name, setName] = useState(row.name)
  const isSending = useRef(false)
  const listing = shownFolder(store.getState())?.listing ?? null
  const others = listing === null ? [] : allNames(listing).filter((other) => other !== row.name)
  const problem = name === row.name ? null : (problemOfName(name, others) ?? refused)

  function leave() {
    setRenaming(null)
    document.querySelector<HTMLElement>('#items')?.focus()
  }

  async function finish() {
    if (isSending.current) return
    if (name === row.name) return leave()
    if (problem !== null && problem !== refused) return
    isSending.current = true
    try {
      await store.getState().renameItem(accountId, row, name)
      leave()
    } catch (error) {
      isSending.current = false
      setRenaming({ id: row.id, problem: sentenceAbout(row.name, error) })
    }
  }

  function onKeyDown(event: KeyboardEvent) {
    event.stopPropagation()
    if (event.key === 'Escape') leave()
    if (event.key === 'Enter') void finish()
  }

  return (
    <span className={styles.rename}>
      <input
        className={styles.renameField}
        aria-label={say('list.newName')}
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : 'rename-problem'}
        spellCheck={false}
        value={name}
        ref={(field) => selectStem(field, row)}
        onChange={(event) => {
          setName(event.target.value)
          if (refused !== null) setRenaming({ id: row.id, problem: null })
        }}
        onKeyDown={onKeyDown}
        onBlur={() => {
          if (problem === null) void finish()
          else if (!isSending.current) setRenaming(null)
        }}
      />
      {problem === null ? null : (
        <span id="rename-problem" role="alert" className={styles.renameProblem}>
          {problem}
        </span>
      )}
    </span>
  )
}

const started = new WeakSet<HTMLInputElement>()

function selectStem(field: HTMLInputElement | null, row: Row) {
  if (field === null || started.has(field)) return
  started.add(field)
  field.focus()
  field.setSelectionRange(0, stemLength(row.name, row.kind === 'folder'))
}
