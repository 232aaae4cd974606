import type { Gate } from '../net/gate.ts'
import type { AskedPart, Validators } from '../resume.ts'
import type { Delivery, Mismatch, NothingLeft, Source } from '../source.ts'
import { nameForLink } from '../text/names.ts'
import { type FtpTarget, parseFtpLink } from './ftp-link.ts'
import type { FtpSession } from './ftp-session.ts'

/** True for links that `ftpSource` and `ftpFacts` take. */
export function isFtpLink(link: string): boolean {
  return /^\s*ftps?:/i.test(link)
}

/** The FTP library takes long to load, and most people never need it. */
const openSession: typeof FtpSession.open = async (...args) => {
  const { FtpSession } = await import('./ftp-session.ts')
  return FtpSession.open(...args)
}

export interface FtpFacts {
  name: string
  /** Null when the server does not report it. */
  sizeBytes: number | null
}

/** Asks a server about a file without fetching it. Rejects with a `FetchError` or a `GateError`. */
export async function ftpFacts(
  link: string,
  options: { gate: Gate; signal: AbortSignal; timeoutMs: number },
): Promise<FtpFacts> {
  const target = parseFtpLink(link)
  const session = await openSession(target, options)
  try {
    const sizeBytes = await session.size()
    // Only the start of a transfer proves that the file exists.
    if (sizeBytes === null) await session.retrieve(0)
    return { name: nameForLink(target.url.href), sizeBytes }
  } finally {
    session.close()
  }
}

/**
 * A file on an FTP server, over one connection. Size and modification time together identify its version; a fetch can be resumed
 * only where the server reports both.
 */
export function ftpSource(link: string, options: { gate: Gate; timeoutMs: number }): Source {
  const host = URL.canParse(link) ? new URL(link).hostname : link.slice(0, 100)
  return {
    host,
    open: async (asked, signal) => {
      const target = parseFtpLink(link)
      const session = await openSession(target, { ...options, signal })
      try {
        return await open(session, target, asked)
      } catch (error) {
        session.close()
        throw error
      }
    },
  }
}

async function open(
  session: FtpSession,
  target: FtpTarget,
  asked: AskedPart,
): Promise<Delivery | NothingLeft | Mismatch> {
  const totalBytes = await session.size()
  const validators = validatorsOf(totalBytes, await session.changedAt())
  const { strong } = validators
  const isSame = asked.validators.strong === null ? totalBytes === asked.totalBytes : strong === asked.validators.strong
  const isRest = asked.start > 0 && isSame
  if (isRest && asked.start === totalBytes) {
    session.close()
    return { kind: 'nothing-left' }
  }
  const { stream, start, finished } = await session.retrieve(isRest ? asked.start : 0)
  return {
    kind: 'bytes',
    host: target.host,
    start,
    end: totalBytes,
    isWhole: start === 0,
    totalBytes,
    validators,
    givesParts: false,
    announced: { url: target.url.href, contentType: null, contentDisposition: null, sizeBytes: totalBytes },
    stream,
    // A reset is an error of the stream; after an orderly close the server's last reply is checked.
    ending: () => 'proven',
    confirm: () => finished(totalBytes !== null),
    close: session.close,
  }
}

function validatorsOf(sizeBytes: number | null, changedAt: string | null): Validators {
  const strong = sizeBytes === null || changedAt === null ? null : `${changedAt} ${sizeBytes}`
  return { etag: null, lastModified: changedAt, strong }
}
