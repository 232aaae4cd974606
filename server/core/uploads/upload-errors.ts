import { Refusal } from '../errors/refusal.ts'

/** Another client, or an older connection of this one, is sending to the same upload. */
export class UploadBusy extends Refusal {
  override name = 'UploadBusy'
}

/** The client continues at another place than this service. */
export class WrongOffset extends Refusal {
  override name = 'WrongOffset'
}

/** A file does not fit into the user's disk space, or is larger than any may be. */
export class UploadTooLarge extends Refusal {
  override name = 'UploadTooLarge'
}
