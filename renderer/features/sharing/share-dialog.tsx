import { useId } from 'react'
import { Dialog } from '../../parts/dialog.tsx'
import { Problem } from '../../parts/problem.tsx'
import { offerIn } from '../../store/offers.ts'
import type { Shareable } from '../../store/sharing.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import { Friends } from './friends.tsx'
import { LinkSection } from './link-section.tsx'
import styles from './sharing.module.css'
import { useAccess } from './use-access.ts'

/** Who can read an item: friends, and everyone who has its public link. Each change holds at once. */
export function ShareDialog({ accountId, item }: { accountId: string; item: Shareable }) {
  const { close } = useAppStore().getState()
  const account = useApp(({ accounts }) => accounts?.find(({ id }) => id === accountId) ?? null)
  const { access, problem, isBusy, load, shareWith, makeLink, removeLink } = useAccess(accountId, item)
  const id = useId()
  return (
    <Dialog title={say('sharing.title', { name: visibleName(item.name) })} onClose={close}>
      <div className={styles.body} aria-busy={isBusy}>
        {access === null && problem === null ? <p role="status">{say('sharing.loading')}</p> : null}
        {access !== null && offerIn(account, 'canShare').isShown ? (
          <section aria-labelledby={`${id}-friends`} className={styles.part}>
            <h3 id={`${id}-friends`} className={styles.title}>
              {say('sharing.friends')}
            </h3>
            <p className={styles.second}>{say('sharing.friendsHint')}</p>
            <Friends audience={access.audience} names={access.friends} onChange={shareWith} />
          </section>
        ) : null}
        {access !== null && offerIn(account, 'canLinkPublicly').isShown ? (
          <section aria-labelledby={`${id}-link`} className={styles.part}>
            <h3 id={`${id}-link`} className={styles.title}>
              {say('sharing.link')}
            </h3>
            <LinkSection link={access.link} onMake={makeLink} onRemove={removeLink} />
          </section>
        ) : null}
        <Problem sentence={problem} onRetry={access === null ? load : undefined} />
      </div>
    </Dialog>
  )
}
