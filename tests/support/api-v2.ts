import type { Service } from './service.ts'

/** An answer of API v2. */
export interface Answer {
  status: number
  headers: Headers
  body: Record<string, unknown>
}

/** Calls API v2 of a service as its own user. Parameters are sent as a form, or for GET and HEAD in the query. */
export function apiV2({ url, token }: Pick<Service, 'url' | 'token'>) {
  return async (
    verb: string,
    path: string,
    params: Record<string, string | number> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const form = new URLSearchParams(Object.entries(params).map(([name, value]) => [name, `${value}`]))
    const hasBody = verb !== 'GET' && verb !== 'HEAD'
    const query = hasBody || form.size === 0 ? '' : `${path.includes('?') ? '&' : '?'}${form}`
    const response = await fetch(`${url}${path}${query}`, {
      method: verb,
      headers: { authorization: `Token ${token}`, ...headers },
      redirect: 'manual',
      ...(hasBody && { body: form }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type') === 'application/json' && text !== ''
    const body: unknown = isJson ? JSON.parse(text) : {}
    return { status: response.status, headers: response.headers, body: Object(body) }
  }
}
