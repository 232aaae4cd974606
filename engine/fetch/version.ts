import { FetchError } from '../fetch-error.ts'
import { isSameVersion, type Validators } from '../resume.ts'
import type { Delivery } from '../source.ts'

/** Why a server is not believed, as the end of a sentence. */
export const otherSize = 'it gives another length for the same version of the file'

/** What is known about the file being fetched. */
export interface Version {
  validators: Validators
  totalBytes: number | null
  /** False when only the end of the connection marks the end of the file. */
  isProven: boolean
  /** The source delivers any requested part. */
  givesParts: boolean
  /** The last version with a strong validator and a known size: the same validator never has another size. */
  tagged: { validators: Validators; totalBytes: number } | null
}

/** The received bytes are not what was requested: everything has to be fetched again. */
export class VersionChanged extends FetchError {
  override name = 'VersionChanged'
  /** Why, as the end of a sentence. */
  readonly why: string
  /** True when it was seen on an additional connection: a single one would not have met it. */
  readonly isBeside: boolean

  constructor(host: string, why: string, { isBeside = false } = {}) {
    super(`“${host}”: ${why}.`, { isPassing: true })
    this.why = why
    this.isBeside = isBeside
  }
}

/** A server that reports another size under the same strong validator is broken: nobody knows which of the two is true. */
export function refuseOtherSize(version: Version, { host, validators, totalBytes }: Delivery, minBytes: number): void {
  if (totalBytes !== null && (totalBytes < minBytes || contradicts(version, validators, totalBytes)))
    throw new FetchError(`“${host}”: ${otherSize}.`, { isPassing: true })
}

/** True when a size is not the one that the same version had before. */
export function contradicts({ tagged }: Version, validators: Validators, totalBytes: number): boolean {
  return tagged !== null && totalBytes !== tagged.totalBytes && isSameVersion(validators, tagged.validators)
}

/** Remembers the size of a version that can be told from others. */
export function noteSize(version: Version): void {
  const { validators, totalBytes } = version
  if (totalBytes !== null && validators.strong !== null) version.tagged = { validators, totalBytes }
}
