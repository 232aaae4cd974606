import type * as z from 'zod'
import { AppError } from '../../../../shared/errors.ts'
import { hostOf } from '../http.ts'
import { readRows, type UnreadRow } from '../lenient.ts'
import { type Call, type Endpoint, InvalidScope, type Requests } from './request.ts'

/** Rows of a list that comes in pages. */
interface Listed<T> {
  rows: T[]
  unread: UnreadRow[]
}

/** The parts of a page that `Calls.rows` needs. */
interface Page {
  cursor: string | null
  total?: number | null
}

/** How a list is requested. `rowsOf` returns the rows of a page, `list` names it in the log, and `noun` a row for the user. */
interface ListCall<P extends Page, T> {
  first: Call
  /** The path that a cursor is sent to; null if the service knows no further pages. */
  next: string | null
  page: z.ZodType<P>
  row: z.ZodType<T>
  rowsOf(page: P): unknown[]
  list: string
  noun: string | null
}

/** Requests to a v2 server, by the shape of the response. */
export interface Calls {
  ask<T>(call: Call, schema: z.ZodType<T>): Promise<T>
  /**
   * All rows, each once, although the list may change while it is read. `onMore` gets what has come so far of a long list, each time at
   * least twice as many rows as the last time.
   */
  rows<P extends Page, T extends { id: number }>(
    call: ListCall<P, T>,
    onMore?: (rows: readonly T[], total: number | null) => void,
  ): Promise<Listed<T>>
  /** Reports rows that could not be parsed. */
  note(list: string, unread: readonly UnreadRow[], noun: string | null): Promise<void>
}

const maxPages = 10_000
const maxAttempts = 3
/** After so many pages in a row without anything new, a list has ended. */
const maxEmptyPages = 3

export function createCalls(endpoint: Endpoint, requests: Requests): Calls {
  const ask: Calls['ask'] = (call, schema) => requests.ask(call, schema, endpoint.signal)
  const note: Calls['note'] = async (list, unread, noun) =>
    endpoint.unread.note(
      list,
      unread.map(({ problem }) => problem),
      { sender: hostOf((await endpoint.bases()).api), noun },
    )
  const rows: Calls['rows'] = async <P extends Page, T extends { id: number }>(
    call: ListCall<P, T>,
    onMore?: (rows: readonly T[], total: number | null) => void,
  ) => {
    for (let attempt = 1; ; attempt += 1) {
      const all = await readPages(ask, call, onMore)
      // A cursor can expire while the list is read.
      if (all === 'expired' && attempt < maxAttempts) continue
      if (all === 'expired') throw new AppError('unreachable', 'The list changes too fast to be read. Try again.')
      await note(call.list, all.unread, call.noun)
      return all
    }
  }
  return { ask, note, rows }
}

async function readPages<P extends Page, T extends { id: number }>(
  ask: Calls['ask'],
  { first, next, page: schema, row, rowsOf }: ListCall<P, T>,
  onMore: ((rows: readonly T[], total: number | null) => void) | undefined,
): Promise<Listed<T> | 'expired'> {
  const seen = new Set<number>()
  const all: Listed<T> = { rows: [], unread: [] }
  let told = 0
  let emptyPages = 0
  let cursor: string | null = null
  for (let count = 0; count < maxPages; count += 1) {
    const page: P | 'expired' = await askPage(ask, { first, next, schema, cursor })
    if (page === 'expired') return page
    const { read, unread } = readRows(rowsOf(page), row)
    const before = all.rows.length
    for (const one of read) {
      if (one === null || seen.has(one.id)) continue
      seen.add(one.id)
      all.rows.push(one)
    }
    all.unread.push(...unread)
    emptyPages = all.rows.length > before ? 0 : emptyPages + 1
    // Some services never end a list.
    const isStuck = (page.cursor !== null && page.cursor === cursor) || emptyPages >= maxEmptyPages
    if (page.cursor === null || next === null || isStuck) break
    cursor = page.cursor
    if (all.rows.length === 0 || all.rows.length < 2 * told) continue
    told = all.rows.length
    onMore?.(all.rows, page.total ?? null)
  }
  return all
}

async function askPage<P extends Page>(
  ask: Calls['ask'],
  { first, next, schema, cursor }: { first: Call; next: string | null; schema: z.ZodType<P>; cursor: string | null },
): Promise<P | 'expired'> {
  if (cursor === null || next === null) return await ask(first, schema)
  try {
    const query = first.query ?? {}
    return await ask({ verb: 'POST', path: next, query, form: { cursor }, isRepeatable: true }, schema)
  } catch (error) {
    const isRefused = error instanceof AppError && error.code === 'refused'
    if (isRefused && !(error.cause instanceof InvalidScope)) return 'expired'
    throw error
  }
}
