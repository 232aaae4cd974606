import { useCallback } from 'react'
import { readContent } from '../../contents/content.ts'
import { isPlainDrawing } from '../../contents/picture-size.ts'
import { say } from '../../words/say.ts'
import { Failed } from './failed.tsx'
import { Message } from './message.tsx'
import { Picture } from './picture-view.tsx'
import { TextView } from './text-view.tsx'
import { useLoaded } from './use-loaded.ts'
import type { ViewProps } from './view.ts'

const maxDrawingBytes = 1024 * 1024
/** A drawing has no pixels of its own. */
const size = { width: 1024, height: 1024 }

/** An SVG: drawn as a picture, where nothing runs and nothing is loaded, if it is simple; otherwise shown as text. */
export function DrawingView(props: ViewProps) {
  const { row, url } = props
  const load = useCallback(
    async (signal: AbortSignal) => {
      if (row.sizeBytes > maxDrawingBytes) return null
      const bytes = await readContent(url, 0, row.sizeBytes, signal)
      return isPlainDrawing(new TextDecoder().decode(bytes)) ? new Blob([bytes], { type: 'image/svg+xml' }) : null
    },
    [row.sizeBytes, url],
  )
  const loaded = useLoaded(load)
  if (loaded === null) return <Message isWaiting>{say('list.loading')}</Message>
  if ('sentence' in loaded) return <Failed row={row} failure={loaded} onRetry={props.onRetry} />
  return loaded.value === null ? <TextView {...props} /> : <Picture name={row.name} blob={loaded.value} size={size} />
}
