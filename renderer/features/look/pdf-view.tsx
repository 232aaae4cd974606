import { useVirtualizer } from '@tanstack/react-virtual'
import {
  getDocument,
  PasswordException,
  PDFDataRangeTransport,
  type PDFDocumentProxy,
  PDFWorker,
} from 'pdfjs-dist/legacy/build/pdf.mjs'
import pdfWorkerUrl from 'pdfjs-dist/legacy/build/pdf.worker.min.mjs?url'
import { useCallback, useEffect, useRef, useState } from 'react'
import { LookError, readContent } from '../../contents/content.ts'
import { startWorker } from '../../contents/workers.ts'
import { say } from '../../words/say.ts'
import { Failed } from './failed.tsx'
import { Message } from './message.tsx'
import styles from './quick-look.module.css'
import { useLoaded } from './use-loaded.ts'
import { useScroller } from './use-scroller.ts'
import type { ViewProps } from './view.ts'

const chunkBytes = 256 * 1024
const maxImagePixels = 40_000_000
const maxCanvasPixels = 6_000_000
const gap = 12
/** A PDF may claim any number of pages. */
const maxPages = 5000

/**
 * A PDF, drawn page by page by pdf.js. Only the pages are drawn: no scripts, forms, links or attached files, so nothing in it can do
 * anything. It is read by ranges, as far as it is looked at.
 */
export function PdfView({ row, url, onFacts, onRetry }: ViewProps) {
  const load = useCallback(
    async (signal: AbortSignal) => {
      const opened = await openPdf(url, row.sizeBytes, signal)
      onFacts(say('look.pages', { count: opened.pdf.numPages }))
      const first = await Promise.race([
        opened.pdf.getPage(1).catch((error: unknown) => {
          throw new LookError('brokenPdf', { cause: error })
        }),
        opened.failed.then((error) => Promise.reject(error)),
      ])
      const { width, height } = first.getViewport({ scale: 1 })
      return { ...opened, ratio: ratioOf(width, height) }
    },
    [row.sizeBytes, url, onFacts],
  )
  const loaded = useLoaded(load)
  if (loaded === null) return <Message isWaiting>{say('list.loading')}</Message>
  if ('sentence' in loaded) return <Failed row={row} failure={loaded} onRetry={onRetry} />
  return <Pages {...loaded.value} />
}

/** A PDF, and when no more of it can be read. */
interface OpenedPdf {
  pdf: PDFDocumentProxy
  failed: Promise<LookError>
}

/** Opens a PDF. Closes it when the signal aborts. */
async function openPdf(url: string, sizeBytes: number, signal: AbortSignal): Promise<OpenedPdf> {
  const beginning = await readContent(url, 0, Math.min(sizeBytes, chunkBytes), signal)
  signal.throwIfAborted()
  const range = new ContentTransport(url, beginning, sizeBytes)
  const port = startWorker(pdfWorkerUrl)
  const task = getDocument({
    range,
    worker: PDFWorker.create({ port }),
    rangeChunkSize: chunkBytes,
    disableAutoFetch: true,
    disableStream: true,
    enableXfa: false,
    useWasm: false,
    maxImageSize: maxImagePixels,
    cMapUrl: new URL('pdf/cmaps/', document.baseURI).href,
    standardFontDataUrl: new URL('pdf/standard_fonts/', document.baseURI).href,
    verbosity: 0,
  })
  const close = () => {
    range.abort()
    void task.destroy().finally(() => port.terminate())
  }
  signal.addEventListener('abort', close, { once: true })
  try {
    const pdf = await Promise.race([task.promise, range.failed.then((error) => Promise.reject(error))])
    return { pdf, failed: range.failed }
  } catch (error) {
    close()
    if (error instanceof LookError) throw error
    throw new LookError(error instanceof PasswordException ? 'lockedPdf' : 'brokenPdf', { cause: error })
  }
}

/** Hands pdf.js the parts of a file that it asks for. */
class ContentTransport extends PDFDataRangeTransport {
  readonly #url: string
  readonly #stop = new AbortController()
  #fail: (error: LookError) => void = () => undefined
  /** Resolves with the first error. */
  readonly failed = new Promise<LookError>((resolve) => {
    this.#fail = resolve
  })

  constructor(url: string, beginning: Uint8Array, sizeBytes: number) {
    super(sizeBytes, beginning)
    this.#url = url
  }

  override requestDataRange(from: number, to: number): void {
    readContent(this.#url, from, Math.min(to, this.length), this.#stop.signal).then(
      (bytes) => this.onDataRange(from, bytes),
      (error: unknown) => {
        if (error instanceof LookError) this.#fail(error)
      },
    )
  }

  override abort(): void {
    this.#stop.abort()
  }
}

/** Height by width, within reason: a page may claim any size. */
function ratioOf(width: number, height: number): number {
  const ratio = height / width
  return Number.isFinite(ratio) && ratio > 0 ? Math.min(8, Math.max(0.1, ratio)) : 1.4
}

function Pages({ pdf, failed, ratio }: OpenedPdf & { ratio: number }) {
  const scroller = useScroller()
  const count = Math.min(pdf.numPages, maxPages)
  const [sentence, setSentence] = useState(count < pdf.numPages ? say('look.firstPages', { count }) : null)
  useEffect(() => {
    void failed.then(({ problem }) => setSentence(say(problem === 'limit' ? 'look.limit' : 'look.unreadable')))
  }, [failed])
  const [width, setWidth] = useState(760)
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => width * ratio + gap,
    overscan: 1,
  })
  useEffect(() => {
    setWidth(Math.min(900, (scroller.current?.clientWidth ?? 800) - 40))
  }, [scroller])
  return (
    <>
      <div ref={scroller} role="document" className={styles.pages} aria-label={say('look.pdf')}>
        <div className={styles.lines} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => (
            <div
              key={index}
              data-index={index}
              ref={virtualizer.measureElement}
              className={styles.page}
              style={{ transform: `translateY(${start}px)`, paddingBottom: gap }}
            >
              <Page pdf={pdf} number={index + 1} width={width} ratio={ratio} />
            </div>
          ))}
        </div>
      </div>
      {sentence === null ? null : (
        <div className={styles.strip} role="status">
          {sentence}
        </div>
      )}
    </>
  )
}

function Page({ pdf, number, width, ratio }: { pdf: PDFDocumentProxy; number: number; width: number; ratio: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [height, setHeight] = useState(width * ratio)
  const [isBroken, setBroken] = useState(false)
  useEffect(() => {
    let cancel: () => void = () => undefined
    let isLeft = false
    async function draw() {
      const page = await pdf.getPage(number)
      const element = canvas.current
      if (isLeft || element === null) return
      const plain = page.getViewport({ scale: 1 })
      const shown = width * ratioOf(plain.width, plain.height)
      setHeight(shown)
      const sharp = Math.min(window.devicePixelRatio, Math.sqrt(maxCanvasPixels / (width * shown)))
      const viewport = page.getViewport({ scale: (width / plain.width) * sharp })
      element.width = Math.ceil(width * sharp)
      element.height = Math.ceil(shown * sharp)
      const task = page.render({ canvas: element, viewport, annotationMode: 0 })
      cancel = () => task.cancel()
      await task.promise
    }
    draw().catch(() => {
      if (!isLeft) setBroken(true)
    })
    return () => {
      isLeft = true
      cancel()
    }
  }, [pdf, number, width])
  return (
    <div className={styles.sheet} style={{ width, height }}>
      <canvas ref={canvas} role="img" aria-label={say('look.page', { number })} style={{ width, height }} />
      {isBroken ? <p className={styles.brokenPage}>{say('look.brokenPage')}</p> : null}
    </div>
  )
}
