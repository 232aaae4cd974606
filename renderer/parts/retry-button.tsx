import type { MouseEvent } from 'react'
import { say } from '../words/say.ts'
import { Button } from './button.tsx'

/** Tries again what went wrong. The button disappears then: the focus goes to the dialog that it is in, or to the list. */
export function RetryButton({ onRetry }: { onRetry(): void }) {
  function retry({ currentTarget }: MouseEvent<HTMLElement>) {
    const next = currentTarget.closest<HTMLElement>('[role="dialog"]') ?? document.getElementById('items')
    next?.focus()
    onRetry()
  }
  return <Button onClick={retry}>{say('action.retry')}</Button>
}
