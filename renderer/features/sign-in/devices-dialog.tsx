import { useId } from 'react'
import type { Device, DeviceCode } from '../../../shared/device.ts'
import { Button } from '../../parts/button.tsx'
import { Copyable } from '../../parts/copyable.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Problem } from '../../parts/problem.tsx'
import { useNow } from '../../parts/use-now.ts'
import { useAppStore } from '../../store/use-app.ts'
import { formatDuration, formatMoment } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import styles from './devices.module.css'
import { useDevices } from './use-devices.ts'

/** Lets a device sign in to an account, and lists those that are. */
export function DevicesDialog({ accountId }: { accountId: string }) {
  const { close } = useAppStore().getState()
  const { code, devices, problem, signOut } = useDevices(accountId)
  const id = useId()
  const nowMs = useNow(10_000)
  return (
    <Dialog title={say('devices.title')} onClose={close}>
      <div className={styles.body}>
        <p>{say('devices.lead')}</p>
        {code === null ? <p className={styles.second}>{say('code.asking')}</p> : <Code {...code} nowMs={nowMs} />}
        <Problem sentence={problem} />
        <section aria-labelledby={`${id}-list`}>
          <h3 id={`${id}-list`} className={styles.title}>
            {say('devices.list')}
          </h3>
          {devices?.length === 0 ? <p className={styles.second}>{say('devices.none')}</p> : null}
          <ul className={styles.list}>
            {devices?.map((device) => (
              <li key={device.id} className={styles.device}>
                <span className={styles.what}>
                  <bdi className={styles.name}>{visibleName(device.name)}</bdi>
                  <span className={styles.second}>{timesOf(device, nowMs)}</span>
                </span>
                <Button
                  aria-label={say('devices.signOutOf', { name: visibleName(device.name) })}
                  onClick={() => signOut(device)}
                >
                  {say('devices.signOut')}
                </Button>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Dialog>
  )
}

function Code({ code, page, endsAtMs, nowMs }: DeviceCode & { nowMs: number }) {
  const left = formatDuration(Math.max(1, (endsAtMs - nowMs) / 1000))

  return (
    <>
      <Copyable text={page} label={say('devices.copyPage')} />
      <div role="group" className={styles.code} aria-label={say('devices.code')}>
        {code}
      </div>
      <p className={styles.second}>{say('devices.expiry', { left })}</p>
    </>
  )
}

function timesOf({ addedAtMs, usedAtMs }: Device, nowMs: number): string {
  const added = addedAtMs === null ? [] : [say('devices.added', { moment: formatMoment(addedAtMs, nowMs) })]
  const used =
    usedAtMs === null ? say('devices.unused') : say('devices.used', { moment: formatMoment(usedAtMs, nowMs) })
  return [...added, used].join(' · ')
}
