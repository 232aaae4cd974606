import { X } from 'lucide-react'
import { useId } from 'react'
import { IconButton } from '../../parts/icon-button.tsx'
import { hostOf } from '../../store/trust.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './settings.module.css'

/** The hosts that may get the token of an account besides its own server. Nothing where there are none. */
export function TrustedHosts() {
  const { distrustHost } = useAppStore().getState()
  const accounts = useApp((state) => state.accounts)
  const id = useId()
  const trusted = (accounts ?? []).flatMap((account) => account.trustedOrigins.map((origin) => ({ account, origin })))
  if (trusted.length === 0) return null
  return (
    <section className={styles.group} aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`} className={styles.legend}>
        {say('settings.trusted')}
      </h3>
      <p className={styles.hint}>{say('settings.trustedHint')}</p>
      <ul className={styles.hosts}>
        {trusted.map(({ account, origin }) => (
          <li key={`${account.id} ${origin}`}>
            <span>{origin.startsWith('https:') ? hostOf(origin) : origin}</span>
            <span className={styles.stored}>
              <bdi>{account.name}</bdi>
            </span>
            <IconButton
              icon={X}
              label={say('settings.trustedRemove', { host: hostOf(origin), account: account.name })}
              onClick={() => void distrustHost(account.id, origin)}
            />
          </li>
        ))}
      </ul>
    </section>
  )
}
