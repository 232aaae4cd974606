import { holdsSlot } from '../../../shared/slots.ts'
import styles from '../../parts/dock.module.css'
import { shownTransfers } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { statusWords, type Tone } from '../../words/status-words.ts'

const maxDrawn = 12
const order: readonly Tone[] = ['running', 'sharing', 'waiting', 'resting', 'error']

/** The slots of the active limit, each in the colour of the transfer that holds it. Renders nothing if the service has no limit. */
export function SlotMeter() {
  const limit = useApp(({ place, quotas }) =>
    place === null ? null : (quotas.get(place.accountId)?.activeLimit ?? null),
  )
  const transfers = useApp(shownTransfers)
  if (limit === null || limit <= 0) return null
  const tones = [...transfers.values()]
    .filter(({ status }) => holdsSlot(status))
    .map(({ status }) => statusWords[status].tone)
    .sort((a, b) => order.indexOf(a) - order.indexOf(b))
  if (limit > maxDrawn || tones.length === 0) return null
  const slots = Array.from({ length: limit }, (_, slot) => ({ slot, tone: tones[slot] ?? 'free' }))
  const label = say(tones.length > limit ? 'transfers.slotsOver' : 'transfers.slotsLabel', {
    used: tones.length,
    total: limit,
  })
  return (
    <span className={styles.slots} role="img" aria-label={label} title={label}>
      {slots.map(({ slot, tone }) => (
        <span key={slot} className={styles[`slot-${tone}`]} />
      ))}
    </span>
  )
}
