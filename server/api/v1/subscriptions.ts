import { Refusal } from '../../core/errors/refusal.ts'
import type { Subscription, SubscriptionDraft } from '../../core/transfers/subscriptions.ts'
import type { Method } from './method.ts'
import type { Params } from './params.ts'

/** Source: API v1 §10. A request has `title`, a response `name`. */
export const subscriptions: Record<string, Method> = {
  list: ({ core }) => core.subscriptions.list().map(toWire),
  create: ({ core, params }) => {
    const draft = draftOf(params)
    if (draft.url === undefined) throw new Refusal('The parameter “url” is missing.')
    const { url } = draft
    const defaults = {
      name: URL.canParse(url) ? new URL(url).hostname : url,
      doFilters: '',
      dontFilters: '',
      folderId: 0,
    }
    return [toWire(core.subscriptions.create({ ...defaults, isPaused: false, ...draft, url }))]
  },
  edit: ({ core, params }) => {
    const changes = draftOf(params)
    const isNull = (name: string) => params.has(name) && params.text(name) === null
    if (isNull('url') || (isNull('title') && changes.name === undefined)) {
      throw new Refusal('A subscription needs a title and a url.')
    }
    return [toWire(core.subscriptions.edit(params.id('id'), changes))]
  },
  delete: ({ core, params }) => {
    core.subscriptions.remove(params.id('id'))
    return []
  },
  pause: ({ core, params }) => {
    const { id, isPaused } = core.subscriptions.get(params.id('id'))
    return [toWire(core.subscriptions.edit(id, { isPaused: !isPaused }))]
  },
  info: ({ core, params }) => [toWire(core.subscriptions.get(params.id('id')))],
}

/** The given parameters only. `name` wins over `title`. */
function draftOf(params: Params): Partial<SubscriptionDraft> {
  const name = params.text('name') ?? params.text('title')
  const url = params.text('url')
  const [doFilters, dontFilters] = [filters(params, 'do_filters'), filters(params, 'dont_filters')]
  const paused = params.text('paused')
  const folderId = params.number('parent_folder_id', -1)
  return {
    ...(name !== null && { name }),
    ...(url !== null && { url }),
    ...(doFilters !== null && { doFilters }),
    ...(dontFilters !== null && { dontFilters }),
    ...(folderId >= 0 && { folderId }),
    ...(paused !== null && { isPaused: paused === 'true' || paused === '1' }),
  }
}

/** Words as a list, or separated by commas. */
function filters(params: Params, name: string): string | null {
  const words = params.list(name)
  return words === null
    ? null
    : words
        .flatMap((word) => word.split(','))
        .map((word) => word.trim())
        .filter(Boolean)
        .join(',')
}

function toWire(subscription: Subscription) {
  return {
    last_update_time: toTime(subscription.lastAtSeconds),
    parent_folder_id: `${subscription.folderId}`,
    name: subscription.name,
    next_update_time: toTime(subscription.nextAtSeconds),
    url: subscription.url,
    paused: subscription.isPaused,
    do_filters: subscription.doFilters,
    dont_filters: subscription.dontFilters,
    id: `${subscription.id}`,
  }
}

/** UTC, as Put.io writes it. */
function toTime(seconds: number | null): string | null {
  return seconds === null ? null : new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')
}
