import { useEffect, useRef, useState } from 'react'
import { useApp, useAppStore } from '../store/use-app.ts'
import { say } from '../words/say.ts'
import styles from './announcer.module.css'

const quietMs = 5000

/** Speaks of finished transfers, at most one sentence in five seconds. */
export function Announcer() {
  const store = useAppStore()
  const count = useApp((state) => state.finished.length)
  const [sentence, setSentence] = useState('')
  const lastMs = useRef(Number.NEGATIVE_INFINITY)

  useEffect(() => {
    if (count === 0) return
    const wait = Math.max(0, lastMs.current + quietMs - performance.now())
    const timer = setTimeout(() => {
      lastMs.current = performance.now()
      const finished = store.getState().takeFinished()
      const only = finished.length === 1 ? finished[0] : undefined
      setSentence(
        only ? say('transfers.ready', { name: only.name }) : say('transfers.readyCount', { count: finished.length }),
      )
    }, wait)
    return () => clearTimeout(timer)
  }, [count, store])

  return (
    <div role="status" className={styles.spoken}>
      {sentence}
    </div>
  )
}
