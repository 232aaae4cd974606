import { Popover } from '@base-ui/react/popover'
import { Check, Copy, FileText } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import type { AnalysisReport, TorrentFile } from '../../../shared/analysis.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { say } from '../../words/say.ts'
import styles from './links-report.module.css'
import { reportText } from './report-text.ts'

interface Props {
  report: AnalysisReport
  /** The torrent files among the links, to show their names. */
  files: readonly TorrentFile[]
}

/** Put.io's original report on the links, to read and copy. */
export function LinksReport({ report, files }: Props) {
  const text = useMemo(() => reportText(report, files), [report, files])
  const [copied, setCopied] = useState<string | null>(null)
  const shown = useRef<HTMLTextAreaElement>(null)
  const isCopied = copied === text

  function copy() {
    // The page has no clipboard permission, but `execCommand` may copy the selection in a click handler.
    shown.current?.select()
    if (document.execCommand('copy')) setCopied(text)
  }

  return (
    <Popover.Root onOpenChange={() => setCopied(null)}>
      <Popover.Trigger render={<Button look="quiet" />}>
        <Icon of={FileText} />
        {say('links.report')}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner side="top" align="start" sideOffset={6} className={styles.positioner}>
          <Popover.Popup className={styles.popup}>
            <div className={styles.head}>
              <Popover.Title className={styles.title}>{say('links.report')}</Popover.Title>
              <span className={styles.copied} role="status">
                {isCopied ? say('action.copied') : null}
              </span>
              <Button look="pill" onClick={copy}>
                <Icon of={isCopied ? Check : Copy} size={13} />
                {say('action.copy')}
              </Button>
            </div>
            <textarea
              ref={shown}
              className={styles.text}
              aria-label={say('links.report')}
              rows={16}
              spellCheck={false}
              readOnly
              value={text}
            />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
