import type { Extraction } from '../../core/transfers/extractions.ts'
import { keepSecret } from '../../log/secrets.ts'
import { ApiError } from './error.ts'
import { idInPath } from './files.ts'
import { type Call, type Route, route } from './method.ts'
import { checkOwn, selectionOf } from './selection.ts'

/** Longer than any password. */
const maxPassword = 1024

/** Archives of the space that are unpacked there. Source: API v2 §6. */
export const extractions: Route[] = [
  route('POST', '/v2/files/extract', async (call) => {
    const { core, params } = call
    const ids = params.ids('user_file_ids') ?? selectionOf(call)
    for (const id of ids) checkOwn(core, id)
    const password = params.text('password')
    keepSecret(password)
    if (password !== null && password.length > maxPassword)
      throw new ApiError(400, 'BadRequest', `A password may have at most ${maxPassword} characters.`)
    const added = await core.extractions.add([...new Set(ids)], password)
    return { extractions: added.map((one) => wire(call, one)) }
  }),
  route('GET', '/v2/files/extract', (call) => ({
    extractions: call.core.extractions.list().map((one) => wire(call, one)),
  })),
  route('DELETE', '/v2/files/extract/:id', (call) => {
    call.core.extractions.dismiss(idInPath(call))
    return {}
  }),
]

function wire({ isExtended }: Call, extraction: Extraction) {
  const { id, name, message, itemIds, percent, folderId } = extraction
  return {
    ...{ id, name, status: statusOf(extraction), message, num_parts: itemIds.length, files: itemIds },
    ...(isExtended && { putdesk: { percent, folder_id: folderId } }),
  }
}

function statusOf({ status, hasPassword }: Extraction): string {
  switch (status) {
    case 'queued':
      return hasPassword ? 'PASSWORD_OBTAINED' : 'SENT_TO_QUEUE'
    case 'unpacking':
      return 'EXTRACTING'
    case 'done':
      return 'EXTRACTED'
    case 'password':
      return 'PASSWORD'
    case 'failed':
      return 'ERROR'
    default:
      return status satisfies never
  }
}
