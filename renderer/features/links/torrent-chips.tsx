import { Magnet, X } from 'lucide-react'
import type { TorrentFile } from '../../../shared/analysis.ts'
import { Icon } from '../../parts/icon.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { Name } from '../../parts/name.tsx'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import styles from './torrent-chips.module.css'

interface Props {
  files: readonly TorrentFile[]
  onRemove(link: string): void
}

/** The added torrent files, by name. */
export function TorrentChips({ files, onRemove }: Props) {
  if (files.length === 0) return null
  return (
    <ul className={styles.chips} aria-label={say('links.torrentFiles')}>
      {files.map(({ link, name }) => (
        <li key={link} className={styles.chip} title={visibleName(name)}>
          <Icon of={Magnet} size={13} />
          <span className={styles.name}>
            <Name>{name}</Name>
          </span>
          <IconButton
            icon={X}
            label={say('links.removeFile', { name: visibleName(name) })}
            className={styles.remove}
            onClick={() => onRemove(link)}
          />
        </li>
      ))}
    </ul>
  )
}
