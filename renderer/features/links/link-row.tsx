import { Archive, Disc3, File, FileMusic, FilePlay, Globe, type LucideIcon, Magnet, TriangleAlert } from 'lucide-react'
import { useId } from 'react'
import type { AnalyzedLink } from '../../../shared/analysis.ts'
import { Checkbox } from '../../parts/checkbox.tsx'
import { classNames } from '../../parts/class-names.ts'
import { Icon } from '../../parts/icon.tsx'
import { Name } from '../../parts/name.tsx'
import { formatExactSize, formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import styles from './add-links.module.css'
import type { Fit } from './ledger.ts'
import { isArchive, secondLine } from './second-line.ts'

interface Props {
  row: AnalyzedLink
  fit: Fit
  /** Why the service refused to add it; null if it did not. It may be added again. */
  refusal: string | null
  isTicked: boolean
  onTick(isTicked: boolean): void
}

/** One link, or the parts of one archive: its kind, its size, and whether it fits. */
export function LinkRow({ row, fit, refusal, isTicked, onTick }: Props) {
  const id = useId()
  const { name, sizeBytes, bandwidthBytes, needsPassword, links } = row
  const isProblem = fit.kind === 'problem'
  const second = refusal ?? secondLine(row)
  return (
    <li className={styles.row} title={isFile(links) ? name : links.join('\n')}>
      <Checkbox
        aria-label={say('links.choose', { name: visibleName(name) })}
        aria-describedby={id}
        checked={isTicked && !isProblem}
        disabled={isProblem}
        onChange={(event) => onTick(event.target.checked)}
      />
      <Icon of={refusal === null ? iconOf(row) : TriangleAlert} className={styles.icon} />
      <div className={styles.what}>
        <Name>{name}</Name>
        <span className={styles.second} title={second}>
          <bdi>{second}</bdi>
        </span>
      </div>
      <span className={styles.kind}>{say(`links.kind.${kindOf(row)}`)}</span>
      <span className={styles.size} title={sizeBytes === null ? undefined : formatExactSize(sizeBytes)}>
        {sizeBytes === null ? say('time.unknown') : formatSize(sizeBytes)}
      </span>
      <span id={id} className={styles.pills}>
        {refusal === null ? (
          <span className={classNames(styles.pill, styles[toneOf(fit)])}>{wordFor(fit)}</span>
        ) : (
          <span className={classNames(styles.pill, styles.unsure)}>{say('links.refused')}</span>
        )}
        {needsPassword ? (
          <span className={classNames(styles.pill, styles.unsure)}>{say('links.needsPassword')}</span>
        ) : null}
        {bandwidthBytes > 0 && !isProblem ? (
          <span className={classNames(styles.pill, styles.outlined)}>
            {say('links.bandwidth', { size: formatSize(bandwidthBytes) })}
          </span>
        ) : null}
      </span>
    </li>
  )
}

function wordFor(fit: Fit): string {
  switch (fit.kind) {
    case 'fits':
      return say('links.fits')
    case 'unknown-size':
      return say('links.unknownSize')
    case 'problem':
      return say('links.problem')
    case 'disk-over':
      return say('links.diskOver', { size: formatSize(fit.overBytes) })
    case 'bandwidth-over':
      return say('links.bandwidthOver', { size: formatSize(fit.overBytes) })
    case 'file-over':
      return say('links.fileOver', { size: formatSize(fit.limitBytes) })
    default: {
      const never: never = fit
      return never
    }
  }
}

function toneOf({ kind }: Fit): 'good' | 'bad' | 'unsure' | 'outlined' {
  if (kind === 'fits') return 'good'
  if (kind === 'unknown-size') return 'outlined'
  return kind === 'problem' ? 'unsure' : 'bad'
}

function iconOf({ kind, name }: AnalyzedLink): LucideIcon {
  if (kind === 'problem') return TriangleAlert
  if (kind === 'torrent') return Magnet
  if (kind === 'multipart' || isArchive(name)) return Archive
  if (/\.(mp4|mkv|avi|mov|webm|m4v)$/i.test(name)) return FilePlay
  if (/\.(mp3|flac|ogg|opus|m4a|wav)$/i.test(name)) return FileMusic
  if (/\.(iso|img|dmg)$/i.test(name)) return Disc3
  return kind === 'rapid' ? Globe : File
}

/** A file with a known number of entries is an archive. */
function kindOf({ kind, entryCount }: AnalyzedLink): AnalyzedLink['kind'] {
  return kind === 'file' && entryCount !== null ? 'multipart' : kind
}

/** True for a torrent file, which has no URL to show. */
function isFile([first = '']: readonly string[]): boolean {
  return first.startsWith('torrent-file:')
}
