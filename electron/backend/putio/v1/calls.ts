import * as z from 'zod'
import { AppError } from '../../../../shared/errors.ts'
import { hostOf } from '../http.ts'
import { readRows, type UnreadRow, WireRows } from '../lenient.ts'
import { type Endpoint, request } from './request.ts'

type Params = Record<string, unknown>

/** Requests to a v1 server, by the shape of the response. */
export interface Calls {
  ask<T>(resource: string, method: string, params: Params, results: z.ZodType<T>): Promise<T>
  /** The only row of a response. Rejects with `not-found` if there is none. */
  one<T>(resource: string, method: string, params: Params, schema: z.ZodType<T>): Promise<T>
  /** A list, parsed row by row. `noun` names a row for the user. */
  rows<T>(
    call: readonly [resource: string, method: string, params: Params],
    schema: z.ZodType<T>,
    noun: string | null,
  ): Promise<Rows<T>>
  /** Reports rows that could not be parsed. */
  note(list: string, unread: readonly UnreadRow[], noun: string | null): Promise<void>
}

/** `read` has null in place of each row that could not be parsed; `rows` omits those. */
interface Rows<T> {
  read: (T | null)[]
  rows: T[]
  unread: UnreadRow[]
}

/** Creates the calls for one v1 server. */
export function createCalls(endpoint: Endpoint): Calls {
  const ask: Calls['ask'] = async (resource, method, params, results) =>
    (await request(endpoint, { resource, method, params }, results)).results
  const note: Calls['note'] = async (list, unread, noun) =>
    endpoint.unread.note(
      list,
      unread.map(({ problem }) => problem),
      { sender: hostOf(await endpoint.baseUrl()), noun },
    )
  return {
    ask,
    note,
    one: async (resource, method, params, schema) => first(await ask(resource, method, params, firstOf(schema))),
    rows: async <T>(
      [resource, method, params]: readonly [string, string, Params],
      schema: z.ZodType<T>,
      noun: string | null,
    ) => {
      const { read, unread } = readRows(await ask(resource, method, params, WireRows), schema)
      await note(`${resource}.${method}`, unread, noun)
      return { read, unread, rows: read.filter((row) => row !== null) }
    },
  }
}

/** A response with one row, which may be followed by others, or with none. */
export function firstOf<T>(schema: z.ZodType<T>) {
  return z.tuple([schema]).rest(z.unknown()).or(z.tuple([]))
}

/** The first row. Throws `not-found` if there is none. */
export function first<T>([row]: readonly [T, ...unknown[]] | readonly []): T {
  if (row === undefined) throw new AppError('not-found', 'The service no longer knows this.')
  return row
}
