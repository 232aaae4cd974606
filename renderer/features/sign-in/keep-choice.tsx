import { useId } from 'react'
import { Checkbox } from '../../parts/checkbox.tsx'
import { say } from '../../words/say.ts'
import styles from './sign-in.module.css'
import type { Keeping } from './use-keeping.ts'

/** The choice whether a sign-in is kept, and what becomes of it. */
export function KeepChoice({ keeping: { protection, isKept, setKept } }: { keeping: Keeping }) {
  const id = useId()
  return (
    <>
      <div className={styles.keep}>
        <Checkbox
          id={`${id}-keep`}
          checked={isKept}
          disabled={protection === null}
          onChange={(event) => setKept(event.target.checked)}
          aria-describedby={`${id}-keeping`}
        />
        <label htmlFor={`${id}-keep`}>{say('signIn.keep')}</label>
      </div>
      <p id={`${id}-keeping`} className={styles.keeping}>
        {protection === 'plain' ? `${say('signIn.plain')} ` : null}
        {isKept ? (protection === 'protected' ? say('signIn.protected') : null) : say('signIn.session')}
      </p>
    </>
  )
}
