import { type FormEvent, useCallback, useEffect, useId, useState } from 'react'
import type { AccountSettings, AccountSettingsChange } from '../../../shared/account-settings.ts'
import { FolderPicker } from '../../folders/folder-picker.tsx'
import { Button } from '../../parts/button.tsx'
import { Checkbox } from '../../parts/checkbox.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Problem } from '../../parts/problem.tsx'
import { sentenceOf } from '../../store/sentence.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './account-settings.module.css'

/** What is set for an account at its service. What the service does not report is not shown. */
export function AccountSettingsDialog({ accountId }: { accountId: string }) {
  const { close, accountSettings, changeAccountSettings } = useAppStore().getState()
  const name = useApp((state) => state.accounts?.find(({ id }) => id === accountId)?.name ?? '')
  const [before, setBefore] = useState<AccountSettings | null>(null)
  const [change, setChange] = useState<AccountSettingsChange>({})
  const [problem, setProblem] = useState<string | null>(null)
  const [isSending, setSending] = useState(false)
  const id = useId()

  const load = useCallback(
    (signal: AbortSignal) => {
      setProblem(null)
      accountSettings(accountId, signal).then(
        (settings) => (signal.aborted ? undefined : setBefore(settings)),
        (error: unknown) => (signal.aborted ? undefined : setProblem(sentenceOf(error))),
      )
    },
    [accountId, accountSettings],
  )
  useEffect(() => {
    const controller = new AbortController()
    load(controller.signal)
    return () => controller.abort()
  }, [load])

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (isSending || before === null) return
    setSending(true)
    setProblem(null)
    try {
      const changed = changedIn(before, change)
      if (Object.keys(changed).length > 0) await changeAccountSettings(accountId, before, changed)
      close()
    } catch (error) {
      setProblem(sentenceOf(error))
      setSending(false)
    }
  }

  const toggle = (setting: 'isTrashEnabled' | 'isHistoryEnabled', words: 'trash' | 'history') => {
    const value = before?.[setting] ?? null
    if (value === null) return null
    return (
      <div className={styles.choice}>
        <Checkbox
          id={`${id}-${words}`}
          role="switch"
          aria-describedby={`${id}-${words}-hint`}
          checked={change[setting] ?? value}
          onChange={(event) => setChange({ ...change, [setting]: event.target.checked })}
        />
        <label htmlFor={`${id}-${words}`}>{say(`accountSettings.${words}`)}</label>
        <p id={`${id}-${words}-hint`} className={styles.hint}>
          {say(`accountSettings.${words}Hint`)}
        </p>
      </div>
    )
  }
  const folderId = before?.defaultFolderId ?? null
  const isNothingKnown = before !== null && Object.values(before).every((value) => value === null)

  return (
    <Dialog title={say('accountSettings.title', { name })} hasClose={false} onClose={close}>
      <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
        <p className={styles.lead}>{say('accountSettings.lead')}</p>
        {before === null && problem === null ? <p role="status">{say('accountSettings.loading')}</p> : null}
        {isNothingKnown ? <p>{say('accountSettings.unknown')}</p> : null}
        {toggle('isTrashEnabled', 'trash')}
        {toggle('isHistoryEnabled', 'history')}
        {folderId === null ? null : (
          <div className={styles.folder}>
            <FolderPicker
              accountId={accountId}
              folderId={change.defaultFolderId ?? folderId}
              label={say('accountSettings.folder')}
              onPick={(picked) => setChange({ ...change, defaultFolderId: picked })}
            />
            <p className={styles.hint}>{say('accountSettings.folderHint')}</p>
          </div>
        )}
        <Problem sentence={problem} onRetry={before === null ? () => load(new AbortController().signal) : undefined} />
        <footer className={styles.foot}>
          <Button onClick={close}>{say('action.cancel')}</Button>
          <Button look="primary" type="submit" aria-disabled={isSending || before === null}>
            {say('accountSettings.save')}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}

/** What of a change differs from what was there before. */
function changedIn(before: AccountSettings, change: AccountSettingsChange): AccountSettingsChange {
  const { isTrashEnabled, isHistoryEnabled, defaultFolderId } = change
  return {
    ...(isTrashEnabled !== undefined && isTrashEnabled !== before.isTrashEnabled && { isTrashEnabled }),
    ...(isHistoryEnabled !== undefined && isHistoryEnabled !== before.isHistoryEnabled && { isHistoryEnabled }),
    ...(defaultFolderId !== undefined && defaultFolderId !== before.defaultFolderId && { defaultFolderId }),
  }
}
