import { useRef } from 'react'
import type { AccountId } from '../../../shared/account.ts'
import { Problem } from '../../parts/problem.tsx'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { Choice } from './choice.tsx'
import { type Door, doors } from './doors.ts'
import styles from './sign-in.module.css'
import { useFirstFocus } from './use-first-focus.ts'
import { useHere } from './use-here.ts'

interface Props {
  onChoose(door: 'putio' | 'server'): void
  onDone(accountId: AccountId): void
}

/** The three doors in a dialog. This computer is there once. */
export function DoorList({ onChoose, onDone }: Props) {
  const hasThisComputer = useApp((state) => state.accounts?.some(({ kind }) => kind === 'this-computer') ?? false)
  const here = useHere()
  const list = useRef<HTMLUListElement>(null)
  useFirstFocus(list)
  const offered = doors.filter(({ door }) => door !== 'here' || !(hasThisComputer || here.isUnavailable))

  async function choose(door: Door) {
    if (door !== 'here') return onChoose(door)
    const added = await here.start()
    if (added !== null) onDone(added)
  }

  return (
    <div className={styles.view}>
      <ul ref={list} className={styles.ways}>
        {offered.map(({ door, icon }) => (
          <li key={door}>
            <Choice
              icon={icon}
              title={say(`welcome.${door}`)}
              body={say(`welcome.${door}Body`)}
              onChoose={() => void choose(door)}
            />
          </li>
        ))}
      </ul>
      <Problem sentence={here.problem} />
    </div>
  )
}
