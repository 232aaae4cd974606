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

/** The parts of a page that `Calls.pages` needs. */
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
  /** The rows of one page after the other, each row once, although the list may change meanwhile. */
  pages<P extends Page, T extends { id: number }>(
    call: ListCall<P, T>,
  ): AsyncGenerator<{ rows: T[]; page: P }, Listed<T>>
  /** All rows. */
  rows<P extends Page, T extends { id: number }>(call: ListCall<P, T>): Promise<Listed<T>>
  /** Reports rows that could not be parsed. */
  note(list: string, unread: readonly UnreadRow[], noun: string | null): Promise<void>
}

const maxPages = 10_000

export function createCalls(endpoint: Endpoint, requests: Requests): Calls {
  const ask: Calls['ask'] = (call, schema) => requests.ask(call, schema, endpoint.signal)
  const note: Calls['note'] = async (list, unread, noun) =>
    endpoint.unread.note(
      list,
      unread.map(({ problem }) => problem),
      { sender: hostOf((await endpoint.bases()).api), noun },
    )
  const pages: Calls['pages'] = async function* ({ first, next, page: schema, row, rowsOf, list, noun }) {
    const seen = new Set<number>()
    const all: Listed<z.infer<typeof row>> = { rows: [], unread: [] }
    let cursor: string | null = null
    for (let count = 0; count < maxPages; count += 1) {
      const asked: Call =
        cursor === null || next === null
          ? first
          : { verb: 'POST', path: next, query: first.query ?? {}, form: { cursor }, isRepeatable: true }
      let page: z.infer<typeof schema>
      try {
        page = await ask(asked, schema)
      } catch (error) {
        // A cursor can expire while the list is read: what is missing is then found by reading it again.
        const isExpired = cursor !== null && error instanceof AppError && error.code === 'refused'
        if (!isExpired || error.cause instanceof InvalidScope) throw error
        cursor = null
        continue
      }
      const { read, unread } = readRows(rowsOf(page), row)
      const rows = read.filter((one) => one !== null && !seen.has(one.id)).filter((one) => one !== null)
      for (const { id } of rows) seen.add(id)
      all.rows.push(...rows)
      all.unread.push(...unread)
      yield { rows, page }
      const isStuck = cursor !== null && page.cursor === cursor
      if (page.cursor === null || next === null || isStuck) break
      cursor = page.cursor
    }
    await note(list, all.unread, noun)
    return all
  }
  return {
    ask,
    note,
    pages,
    rows: async (call) => {
      const reading = pages(call)
      for (;;) {
        const step = await reading.next()
        if (step.done === true) return step.value
      }
    },
  }
}
