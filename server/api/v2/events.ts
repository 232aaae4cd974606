import { ApiError } from './error.ts'
import type { Call, Result, Route } from './method.ts'
import { route } from './method.ts'
import { toTime } from './times.ts'

const maxPerPage = 1000
const usualPerPage = 50

/** What has happened. Source: API v2 §14. */
export const events: Route[] = [
  route('GET', '/v2/events/list', list),
  route('POST', '/v2/events/delete', ({ core }) => {
    core.events.clear()
    return {}
  }),
  route('POST', '/v2/events/delete/:id', ({ core, path }) => {
    if (!core.events.remove(Number(path.id))) throw notFound()
    return {}
  }),
  route('GET', '/v2/events/:id/torrent', () => {
    throw notFound()
  }),
]

function notFound(): ApiError {
  return new ApiError(404, 'NotFound', 'There is no such event.')
}

function list({ core, params }: Call): Result {
  const perPage = params.number('per_page') ?? usualPerPage
  if (perPage < 1 || perPage > maxPerPage)
    throw new ApiError(400, 'INVALID_PER_PAGE', `A page has 1 to ${maxPerPage} events.`)
  const found = core.events.list(params.number('before'), perPage + 1)
  return {
    events: found.slice(0, perPage).map(({ id, type, details, createdAtSeconds }) => ({
      id,
      type,
      created_at: toTime(createdAtSeconds),
      user_id: core.account.userId,
      ...details,
    })),
    has_more: found.length > perPage,
  }
}
