import { Component, type ReactNode } from 'react'
import { Button } from '../parts/button.tsx'
import { say } from '../words/say.ts'
import styles from './error-boundary.module.css'

interface Props {
  children: ReactNode
  /** Called before the window reloads, so that it does not restore the state that failed to render. */
  onError(): void
}

/** Shows an error and a button to reload, instead of a blank window, when rendering fails. */
export class ErrorBoundary extends Component<Props, { hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError() {
    return { hasFailed: true }
  }

  override componentDidCatch() {
    this.props.onError()
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children
    return (
      <main className={styles.error} role="alert">
        <p>{say('error.drawing')}</p>
        <Button look="primary" onClick={() => location.reload()}>
          {say('action.reload')}
        </Button>
      </main>
    )
  }
}
