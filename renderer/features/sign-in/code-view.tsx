import { Check, Copy, ExternalLink } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Input, Progress } from '../../../shared/contract.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Problem } from '../../parts/problem.tsx'
import { QrCode } from '../../parts/qr-code.tsx'
import { useNow } from '../../parts/use-now.ts'
import { sentenceOf } from '../../store/sentence.ts'
import { useAppStore } from '../../store/use-app.ts'
import { formatDuration } from '../../words/format.ts'
import { say, sayAround } from '../../words/say.ts'
import { isOnlyHere } from './own-service.ts'
import styles from './sign-in.module.css'
import { type SignInEnd, useSignIn } from './use-sign-in.ts'
import { WaitingFoot } from './waiting-foot.tsx'

interface Props extends SignInEnd {
  input: Input<'accounts.signInWithCode'>
  /** Back to the other ways to sign in. */
  onOther(): void
  onCancel(): void
}

/** Signs in with a code that the person enters on a page of the service. The sign-in ends when this is unmounted. */
export function CodeView({ input, onOther, onCancel, ...end }: Props) {
  const store = useAppStore()
  const shown = useSignIn<Progress<'accounts.signInWithCode'>>(
    useCallback((options) => store.getState().signInWithCode(input, options), [store, input]),
    end,
  )
  const nowMs = useNow(10_000)
  const left = shown === null ? '' : formatDuration(Math.max(1, (shown.endsAtMs - nowMs) / 1000))
  return (
    <div className={styles.view}>
      {shown === null ? null : <Code shown={shown} />}
      <WaitingFoot
        sentence={shown === null ? say('code.asking') : say('code.waiting', { left })}
        onOther={onOther}
        onCancel={onCancel}
      />
    </div>
  )
}

function Code({ shown: { code, enterAt, page, problem } }: { shown: Progress<'accounts.signInWithCode'> }) {
  const store = useAppStore()
  const text = useRef<HTMLDivElement>(null)
  const openButton = useRef<HTMLButtonElement>(null)
  const [copied, setCopied] = useState<string | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const lead = sayAround('code.lead', 'page', enterAt)
  const isCopied = copied === code

  useEffect(() => openButton.current?.focus(), [])

  function copy() {
    const selection = document.getSelection()
    if (text.current === null || selection === null) return
    selection.selectAllChildren(text.current)
    // The page has no clipboard permission, but `execCommand` may copy the selection in a click handler.
    if (document.execCommand('copy')) setCopied(code)
    selection.removeAllRanges()
  }

  return (
    <>
      <p className={styles.viewLead}>
        {lead.before}
        <strong>{lead.value}</strong>
        {lead.after}
      </p>
      <div className={styles.codeArea}>
        <div className={styles.codeSide}>
          {/* A screen reader spells it. */}
          <p role="status" className={styles.hidden}>
            {say('code.spelled', { code: [...code].join(' ') })}
          </p>
          <div ref={text} role="group" className={styles.code} aria-label={say('code.label')}>
            {code}
          </div>
          <div className={styles.codeDo}>
            <Button
              look="primary"
              ref={openButton}
              onClick={() => {
                setFailure(null)
                store
                  .getState()
                  .openSignInPage(code)
                  .catch((error: unknown) => setFailure(sentenceOf(error)))
              }}
            >
              <Icon of={ExternalLink} />
              <span className={styles.address}>{say('code.open', { page: enterAt })}</span>
            </Button>
            <Button onClick={copy}>
              <Icon of={isCopied ? Check : Copy} />
              {say(isCopied ? 'code.copied' : 'code.copy')}
            </Button>
          </div>
        </div>
        {isOnlyHere(page) ? null : (
          <div className={styles.picturedCode}>
            <QrCode text={page} label={say('code.picture', { page: enterAt })} />
          </div>
        )}
      </div>
      <Problem sentence={failure ?? (problem === null ? null : say('code.trouble', { problem }))} />
    </>
  )
}
