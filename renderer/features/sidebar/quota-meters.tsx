import { Meter } from '../../parts/meter.tsx'
import { useApp } from '../../store/use-app.ts'
import { formatSize } from '../../words/format.ts'
import { type MessageId, say, sayAround } from '../../words/say.ts'
import { diskText } from '../../words/trash-words.ts'
import styles from './sidebar.module.css'

interface Gauge {
  label: MessageId
  left: MessageId
  color: string
  /** Null if the service does not report it. */
  leftBytes: number | null
  totalBytes: number | null
  /** What is known to be taken by the trash. */
  trashBytes: number
  text: string | null
}

/** Disk space and bandwidth of the shown account. Disk space that the service does not report is said to be not known; a quota without a total has no bar. */
export function QuotaMeters() {
  const quota = useApp(({ place, quotas }) => (place === null ? undefined : quotas.get(place.accountId)))
  if (quota === undefined) return null
  const gauges: Gauge[] = [
    {
      label: 'meter.disk',
      left: 'meter.free',
      color: 'var(--accent)',
      leftBytes: quota.diskFreeBytes,
      totalBytes: quota.diskTotalBytes,
      trashBytes: quota.trash?.isCounted === true ? quota.trash.sizeBytes : 0,
      text: diskText(quota),
    },
  ]
  if (quota.bandwidthLeftBytes !== null) {
    gauges.push({
      label: 'meter.bandwidth',
      left: 'meter.left',
      color: 'var(--sharing)',
      leftBytes: quota.bandwidthLeftBytes,
      totalBytes: quota.bandwidthTotalBytes,
      trashBytes: 0,
      text:
        quota.bandwidthTotalBytes === null
          ? null
          : say('meter.ofTotal', {
              free: formatSize(quota.bandwidthLeftBytes),
              total: formatSize(quota.bandwidthTotalBytes),
            }),
    })
  }
  return (
    <div className={styles.meters}>
      {gauges.map(({ label, left, color, leftBytes, totalBytes, trashBytes, text }) => {
        const used =
          leftBytes === null || totalBytes === null || totalBytes <= 0 ? 0 : (1 - leftBytes / totalBytes) * 100
        const trash = totalBytes === null || totalBytes <= 0 ? 0 : (trashBytes / totalBytes) * 100
        const around = leftBytes === null ? null : sayAround(left, 'size', formatSize(leftBytes))
        return (
          <div key={label}>
            <p className={styles.gauge}>
              <span>{say(label)}</span>
              {around === null ? (
                <span>{say('meter.unknown')}</span>
              ) : (
                <span>
                  {around.before}
                  <b>{around.value}</b>
                  {around.after}
                </span>
              )}
            </p>
            {totalBytes === null || text === null ? null : (
              <Meter
                label={say(label)}
                text={text}
                percent={Math.max(0, Math.min(100, used))}
                segments={[
                  { key: 'used', percent: Math.max(0, used - trash), color },
                  { key: 'trash', percent: trash, color: `color-mix(in srgb, ${color}, var(--sidebar) 50%)` },
                ]}
              />
            )}
          </div>
        )
      })}
    </div>
  )
}
