import { Check } from 'lucide-react'
import type { Transfer } from '../../../shared/transfer.ts'
import { classNames } from '../../parts/class-names.ts'
import styles from '../../parts/dock.module.css'
import { Icon } from '../../parts/icon.tsx'
import { Name } from '../../parts/name.tsx'
import { say } from '../../words/say.ts'

interface Props {
  transfer: Transfer
  top: number
  place: number
  count: number
}

/** The place of a transfer that has left the list, for as long as the pointer is over the rows. */
export function GoneRow({ transfer: { name }, top, place, count }: Props) {
  return (
    <li
      className={classNames(styles.row, styles.gone)}
      style={{ transform: `translateY(${top}px)` }}
      aria-setsize={count}
      aria-posinset={place}
    >
      <Icon of={Check} className={styles.icon} />
      <span className={styles.name}>
        <Name>{name}</Name>
      </span>
      <span className={styles.status}>{say('transfers.gone')}</span>
    </li>
  )
}
