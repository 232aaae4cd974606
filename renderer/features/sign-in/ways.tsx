import { Globe, KeyRound, type LucideIcon, QrCode } from 'lucide-react'
import { useRef } from 'react'
import { say } from '../../words/say.ts'
import { Choice } from './choice.tsx'
import styles from './sign-in.module.css'
import { useFirstFocus } from './use-first-focus.ts'

/** The ways to sign in to an account of Put.io. */
export type Way = 'code' | 'browser' | 'token'

const ways: readonly [Way, LucideIcon][] = [
  ['code', QrCode],
  ['browser', Globe],
  ['token', KeyRound],
]

interface Props {
  isPutio: boolean
  /** True where there is no app id, without which only a token signs in. */
  isOnlyToken: boolean
  onChoose(way: Way): void
}

/** The choice between the ways to sign in. One that is not possible says why. */
export function Ways({ isPutio, isOnlyToken, onChoose }: Props) {
  const list = useRef<HTMLUListElement>(null)
  useFirstFocus(list)
  return (
    <ul ref={list} className={styles.ways}>
      {ways.map(([way, icon]) => {
        const isPossible = !isOnlyToken || way === 'token'
        return (
          <li key={way}>
            <Choice
              icon={icon}
              title={say(`ways.${way}`)}
              body={isPossible ? bodyOf(way, isPutio) : say('ways.noAppId')}
              isPossible={isPossible}
              onChoose={() => onChoose(way)}
            />
          </li>
        )
      })}
    </ul>
  )
}

function bodyOf(way: Way, isPutio: boolean): string {
  return say(isPutio ? `ways.${way}Body` : `ways.${way}BodyOwn`)
}
