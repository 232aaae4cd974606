import { useCallback } from 'react'
import type { Input, Progress } from '../../../shared/contract.ts'
import { useNow } from '../../parts/use-now.ts'
import { useAppStore } from '../../store/use-app.ts'
import { formatDuration } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import styles from './sign-in.module.css'
import { type SignInEnd, useSignIn } from './use-sign-in.ts'
import { WaitingFoot } from './waiting-foot.tsx'

interface Props extends SignInEnd {
  input: Input<'accounts.signInWithBrowser'>
  onOther(): void
  onCancel(): void
}

/** Signs in on a page in the system's browser. The sign-in ends when this is unmounted. */
export function BrowserView({ input, onOther, onCancel, ...end }: Props) {
  const store = useAppStore()
  const shown = useSignIn<Progress<'accounts.signInWithBrowser'>>(
    useCallback((options) => store.getState().signInWithBrowser(input, options), [store, input]),
    end,
  )
  const nowMs = useNow(10_000)
  const left = shown === null ? '' : formatDuration(Math.max(1, (shown.endsAtMs - nowMs) / 1000))
  return (
    <div className={styles.view}>
      <p role="status" className={styles.viewLead}>
        {say('browser.lead')}
      </p>
      <WaitingFoot
        sentence={shown === null ? say('browser.opening') : say('code.waiting', { left })}
        onOther={onOther}
        onCancel={onCancel}
      />
    </div>
  )
}
