import { Component, type ReactNode } from 'react'
import { Button } from '../parts/button.tsx'
import { say } from '../words/say.ts'
import styles from './fault-boundary.module.css'

/** Where drawing itself fails, the window says so and begins anew, instead of going blank. */
export class FaultBoundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError() {
    return { hasFailed: true }
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children
    return (
      <main className={styles.fault} role="alert">
        <p>{say('error.drawing')}</p>
        <Button look="primary" onClick={() => location.reload()}>
          {say('act.reload')}
        </Button>
      </main>
    )
  }
}
