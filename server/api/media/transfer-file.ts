import type { IncomingMessage, ServerResponse } from 'node:http'
import { beginResponse, send } from '../../../engine/disk/serve-range.ts'
import { ArrivalEnded } from '../../../engine/fetch/arrival.ts'
import type { Core } from '../../core/core.ts'
import { kindOf } from '../../core/space/kinds.ts'
import type { OpenTransferFile } from '../../core/transfers/transfer-files.ts'
import { contentDisposition, refuse, safetyHeaders } from './headers.ts'
import type { MediaRoute } from './route.ts'

const readBytes = 256 * 1024
/** Players give up sooner. */
const idleMs = 2 * 60_000

/**
 * Responds with a film or a sound of a transfer while it arrives: its full length at once, and each byte as soon as it is there. What a
 * client asks for is fetched first. A response that cannot be completed is broken off.
 */
export async function serveTransferFile(
  request: IncomingMessage,
  response: ServerResponse,
  { core, route }: { core: Core; route: MediaRoute },
): Promise<void> {
  const [, transferId, index] = /^(\d{1,15})-(\d{1,6})$/.exec(route.itemId) ?? []
  const isOwn = route.userId === `${core.account.userId}` && transferId !== undefined
  const file = isOwn ? core.transfers.files.open(Number(transferId), Number(index)) : null
  if (file === null) return refuse(response, 404, 'There is no such file.')
  const leave = core.transfers.files.admit(Number(transferId))
  if (leave === null) return refuse(response, 503, 'Too many read this at once.')
  try {
    await respond(request, response, file)
  } catch (error) {
    response.destroy()
    if (!(error instanceof ArrivalEnded)) throw error
  } finally {
    leave()
  }
}

async function respond(request: IncomingMessage, response: ServerResponse, file: OpenTransferFile): Promise<void> {
  const headers = {
    ...safetyHeaders,
    'Content-Type': kindOf(file.name).contentType,
    'Content-Disposition': contentDisposition('inline', file.name),
  }
  const span = beginResponse(request, response, { headers, etag: `"${file.tag}"`, sizeBytes: file.sizeBytes })
  if (span === null) return
  // The first byte can take longer than a client waits for the head.
  response.flushHeaders()
  await sendAsItArrives(file, response, span)
}

async function sendAsItArrives(
  file: OpenTransferFile,
  response: ServerResponse,
  { start, end }: { start: number; end: number },
): Promise<void> {
  const gone = new AbortController()
  const closed = new Promise<false>((resolve) => {
    response.once('close', () => {
      gone.abort(new ArrivalEnded('The client is gone.'))
      resolve(false)
    })
  })
  if (response.destroyed) return
  // A client that reads slowly, such as a paused player, may take its time.
  let isWaiting = false
  const idle = setTimeout(() => {
    if (isWaiting) gone.abort(new ArrivalEnded('Nothing has come for a while.'))
  }, idleMs)
  const buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, end - start))
  try {
    for (let position = start; position < end; ) {
      isWaiting = true
      idle.refresh()
      const bytesRead = await file.read(buffer.subarray(0, end - position), position, gone.signal)
      isWaiting = false
      position += bytesRead
      if (!(await Promise.race([closed, send(response, buffer.subarray(0, bytesRead))]))) return
    }
    response.end()
  } finally {
    clearTimeout(idle)
  }
}
