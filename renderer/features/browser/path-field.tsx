import { type KeyboardEvent, useState } from 'react'
import { folderKey } from '../../store/keys.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './toolbar.module.css'

/** An editable path. Enter opens it, resolving folder by folder. */
export function PathField() {
  const store = useAppStore()
  const setPathTyped = useApp((state) => state.setPathTyped)
  const [problem, setProblem] = useState<string | null>(null)
  const [path, setPath] = useState(() => {
    const { place, paths } = store.getState()
    const known = place === null ? undefined : paths.get(folderKey(place.accountId, place.folderId))
    return `/${(known ?? [])
      .slice(1)
      .map(({ name }) => name)
      .join('/')}`
  })

  async function follow() {
    const { place, wantChildren, goTo } = store.getState()
    if (place === null) return
    let folderId = 0
    for (const step of path
      .split('/')
      .map((part) => part.trim())
      .filter(Boolean)) {
      await wantChildren(place.accountId, folderId)
      const folders = store.getState().tree.get(folderKey(place.accountId, folderId))?.folders ?? []
      const next =
        folders.find(({ name }) => name === step) ??
        folders.find(({ name }) => name.toLowerCase() === step.toLowerCase())
      if (next === undefined) {
        setProblem(say('toolbar.noPath', { path }))
        return
      }
      folderId = next.id
    }
    goTo(place.accountId, folderId)
    leave()
  }

  function leave() {
    setPathTyped(false)
    document.querySelector<HTMLElement>('#items')?.focus()
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Escape') leave()
    if (event.key === 'Enter') void follow()
  }

  return (
    <div className={styles.path}>
      <input
        className={styles.field}
        aria-label={say('toolbar.path')}
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : 'path-problem'}
        spellCheck={false}
        value={path}
        ref={focusOnMount}
        onChange={(event) => {
          setPath(event.target.value)
          setProblem(null)
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setPathTyped(false)}
      />
      {problem === null ? null : (
        <p id="path-problem" role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
    </div>
  )
}

function focusOnMount(field: HTMLInputElement | null) {
  field?.focus()
  field?.select()
}
