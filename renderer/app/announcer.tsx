import { useEffect, useRef, useState } from 'react'
import { useApp, useAppStore } from '../store/use-app.ts'
import { say } from '../words/say.ts'
import styles from './announcer.module.css'

const quietMs = 5000

/** Announces transfers that arrived to screen readers, at most one sentence in five seconds. */
export function Announcer() {
  const store = useAppStore()
  const count = useApp((state) => state.arrived.length)
  const [sentence, setSentence] = useState('')
  const lastMs = useRef(Number.NEGATIVE_INFINITY)

  useEffect(() => {
    if (count === 0) return
    const wait = Math.max(0, lastMs.current + quietMs - performance.now())
    const timer = setTimeout(() => {
      lastMs.current = performance.now()
      const arrived = store.getState().takeArrived()
      const only = arrived.length === 1 ? arrived[0] : undefined
      setSentence(
        only ? say('transfers.arrived', { name: only.name }) : say('transfers.arrivedCount', { count: arrived.length }),
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
