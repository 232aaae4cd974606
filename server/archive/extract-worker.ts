import { parentPort, workerData } from 'node:worker_threads'
import { ArchiveError, type ArchiveErrorKind } from './archive-error.ts'
import { nativeSevenZip } from './seven-zip.ts'
import { wasmSevenZip } from './seven-zip-wasm.ts'
import { type Job, type Unpacked, unpack } from './unpack.ts'

/** The worker data of the thread. */
export interface ExtractJob extends Job {
  /** The native 7-Zip, if there is one, and the folder for its links to volumes. */
  native: { program: string; linksFolder: string } | null
}

/** The thread's messages: the running child, progress, and finally the result. */
export type ExtractMessage =
  | { childPid: number | null }
  | { percent: number }
  | { unpacked: Unpacked }
  | { kind: ArchiveErrorKind | null; message: string; detail: string }

const job: ExtractJob = workerData
const send = (message: ExtractMessage) => parentPort?.postMessage(message)

const tool =
  job.native === null
    ? wasmSevenZip
    : nativeSevenZip(job.native.program, job.native.linksFolder, (childPid) => send({ childPid }))

let reportedPercent = -1
try {
  const unpacked = await unpack(job, tool, (done) => {
    const percent = Math.min(100, Math.floor(done))
    if (percent > reportedPercent) send({ percent })
    reportedPercent = Math.max(reportedPercent, percent)
  })
  send({ unpacked })
} catch (error) {
  send({
    kind: error instanceof ArchiveError ? error.kind : null,
    message: error instanceof Error ? error.message : '',
    detail: error instanceof Error ? `${error.cause ?? error.stack}` : `${error}`,
  })
}
