import type { Quota } from '../../../shared/account.ts'
import type { Analysis } from '../../../shared/analysis.ts'
import { classNames } from '../../parts/class-names.ts'
import { Meter } from '../../parts/meter.tsx'
import type { Running } from '../../store/disk-space.ts'
import { formatLoss, formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { wouldFree } from '../../words/trash-words.ts'
import type { Ledger } from './ledger.ts'
import styles from './ledger-table.module.css'

interface Props {
  report: Analysis
  quota: Quota | null
  running: Running
  ledger: Ledger
}

/** A table of disk space and bandwidth: available, used by this batch, and left. Values that the service does not report have no column. */
export function LedgerTable({ report, quota, running, ledger }: Props) {
  const { diskFreeBytes, diskTotalBytes, bandwidthLeftBytes } = report
  const { diskLeftBytes: diskLeft, peakLeftBytes: peakLeft } = ledger
  const hasBandwidth = bandwidthLeftBytes !== null
  const freed = wouldFree(quota?.trash ?? null)
  const bandwidthTotal = quota?.bandwidthTotalBytes ?? null
  const left = (bytes: number) => <td className={classNames(bytes < 0 && styles.negative)}>{formatSize(bytes)}</td>
  const share = (bytes: number, total: number) => (total > 0 ? (bytes / total) * 100 : 0)

  return (
    <div className={styles.ledger}>
      <table className={styles.table} aria-label={say('ledger.label')}>
        <thead>
          <tr>
            <td />
            <th scope="col">{say('ledger.disk')}</th>
            {hasBandwidth ? <th scope="col">{say('ledger.bandwidth')}</th> : null}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{say('ledger.now')}</th>
            <td>{diskFreeBytes === null ? say('meter.unknown') : formatSize(diskFreeBytes)}</td>
            {hasBandwidth ? <td>{formatSize(bandwidthLeftBytes)}</td> : null}
          </tr>
          <tr>
            <th scope="row">
              {say('ledger.running')}
              <Unknown count={running.unknownCount} />
            </th>
            <td>{running.bytes === 0 ? say('time.unknown') : formatLoss(running.bytes)}</td>
            {hasBandwidth ? <td>{say('time.unknown')}</td> : null}
          </tr>
          <tr>
            <th scope="row">
              {say('ledger.batch')}
              <Unknown count={ledger.unknownCount} />
            </th>
            <td>{ledger.batchDiskBytes === 0 ? say('time.unknown') : formatLoss(ledger.batchDiskBytes)}</td>
            {hasBandwidth ? (
              <td>{ledger.batchBandwidthBytes === 0 ? say('time.unknown') : formatLoss(ledger.batchBandwidthBytes)}</td>
            ) : null}
          </tr>
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{say('ledger.left')}</th>
            {diskLeft === null ? <td>{say('meter.unknown')}</td> : left(diskLeft)}
            {ledger.bandwidthLeftBytes === null ? null : left(ledger.bandwidthLeftBytes)}
          </tr>
        </tfoot>
      </table>
      <div className={styles.bars}>
        {diskTotalBytes === null || diskFreeBytes === null || diskLeft === null ? null : (
          <>
            <p>{say('ledger.diskOf', { size: formatSize(diskTotalBytes) })}</p>
            <Meter
              isThick
              label={say('ledger.disk')}
              text={say('meter.ofTotal', { free: formatSize(diskLeft), total: formatSize(diskTotalBytes) })}
              percent={Math.max(0, Math.min(100, share(diskTotalBytes - diskLeft, diskTotalBytes)))}
              segments={[
                {
                  key: 'used',
                  percent: share(diskTotalBytes - diskFreeBytes, diskTotalBytes),
                  color: 'var(--bar-used)',
                },
                {
                  key: 'running',
                  percent: share(running.bytes, diskTotalBytes),
                  color: 'color-mix(in srgb, var(--accent), var(--bar-used) 55%)',
                },
                { key: 'batch', percent: share(ledger.batchDiskBytes, diskTotalBytes), color: 'var(--accent)' },
              ]}
            />
          </>
        )}
        {freed !== null && ledger.fits.some(({ kind }) => kind === 'disk-over') ? <p>{freed}</p> : null}
        {peakLeft === null || diskLeft === null || formatSize(peakLeft) === formatSize(diskLeft) ? null : (
          <p>{say('ledger.peak', { size: formatSize(peakLeft) })}</p>
        )}
        {bandwidthLeftBytes === null || bandwidthTotal === null ? null : (
          <>
            <p>{say('ledger.bandwidthOf', { size: formatSize(bandwidthTotal) })}</p>
            <Meter
              isThick
              label={say('ledger.bandwidth')}
              text={say('meter.ofTotal', {
                free: formatSize(ledger.bandwidthLeftBytes ?? 0),
                total: formatSize(bandwidthTotal),
              })}
              percent={Math.max(
                0,
                Math.min(100, share(bandwidthTotal - (ledger.bandwidthLeftBytes ?? 0), bandwidthTotal)),
              )}
              segments={[
                {
                  key: 'used',
                  percent: share(bandwidthTotal - bandwidthLeftBytes, bandwidthTotal),
                  color: 'var(--bar-used)',
                },
                {
                  key: 'batch',
                  percent: share(ledger.batchBandwidthBytes, bandwidthTotal),
                  color: 'var(--sharing)',
                },
              ]}
            />
          </>
        )}
      </div>
    </div>
  )
}

function Unknown({ count }: { count: number }) {
  return count === 0 ? null : <span className={styles.unknown}>{say('ledger.unknown', { count })}</span>
}
