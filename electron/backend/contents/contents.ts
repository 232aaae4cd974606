import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { PassThrough, type Readable } from 'node:stream'
import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import { maxReadBytes } from '../../../shared/limits.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Relay } from '../playing/relay.ts'
import { contentTypeOf } from './content-type.ts'

const idleMs = 60 * 60 * 1000
const sweepMs = 10 * 60 * 1000
/** How many links a window may hold; the oldest one expires first. */
const maxLinks = 500

/** A request of the window for a part of a file. */
export interface ContentRequest {
  /** From the link: 128 random bits in hexadecimal. */
  id: string
  method: string
  range: string | null
}

/** What the window gets. */
export interface Content {
  status: number
  headers: Record<string, string>
  body: Readable | null
}

interface Link {
  accountId: AccountId
  /** The relay's link, on loopback. */
  relayed: string
  contentType: string
  /** How much it may still read; null when it is played. */
  leftBytes: number | null
  usedAtMs: number
}

/** The contents of items, which the window shows: pictures, text, sound and films. */
export interface Contents {
  handlers: HandlersOf<'contents'>
  read(request: ContentRequest): Promise<Content>
  /** Ends the links to an account's items. */
  removeAccount(accountId: AccountId): void
  close(): void
}

/** Serves the contents of items to the window. Neither addresses nor tokens reach it. */
export function createContents({ accounts, relay }: { accounts: Accounts; relay: Relay }): Contents {
  const links = new Map<string, Link>()
  const sweep = setInterval(() => {
    for (const [id, { usedAtMs }] of links) if (performance.now() - usedAtMs > idleMs) remove(id)
  }, sweepMs)
  sweep.unref()

  function remove(id: string): void {
    const link = links.get(id)
    if (link !== undefined) relay.release(link.relayed)
    links.delete(id)
  }

  return {
    handlers: {
      'contents.open': async ({ accountId, itemId, isPlayed }, { signal }) => {
        const client = accounts.session(accountId).client()
        const isTrusted = (origin: string) => accounts.origins.allows(accountId, origin)
        const stream = () => client.stream(itemId, 'read', isTrusted)
        const { item, url } = await client.during(signal).stream(itemId, 'read', isTrusted)
        let first: string | null = url
        const source = async () => {
          const next = first ?? (await stream()).url
          first = null
          return next
        }
        const relayed = await relay.link(source, item.name, { allows: isTrusted })
        const id = randomBytes(16).toString('hex')
        links.set(id, {
          accountId,
          relayed,
          contentType: contentTypeOf(item.name),
          leftBytes: isPlayed ? null : maxReadBytes,
          usedAtMs: performance.now(),
        })
        const [oldest] = links.keys()
        if (links.size > maxLinks && oldest !== undefined) remove(oldest)
        return `content://${id}/`
      },
    },
    read: async ({ id, method, range }) => {
      const link = links.get(id)
      if (link === undefined) return refusal(404)
      if (method !== 'GET') return refusal(405)
      link.usedAtMs = performance.now()
      if (link.leftBytes !== null && link.leftBytes <= 0) return refusal(403)
      return answer(link, range)
    },
    removeAccount: (accountId) => {
      for (const [id, link] of links) if (link.accountId === accountId) remove(id)
    },
    close: () => {
      clearInterval(sweep)
      links.clear()
    },
  }
}

function refusal(status: number): Content {
  return { status, headers: {}, body: null }
}

const passedHeaders = ['content-length', 'content-range', 'accept-ranges']

function answer(link: Link, range: string | null): Promise<Content> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(link.relayed, { headers: range === null ? {} : { range } })
    request.once('error', reject)
    request.once('response', (response) => {
      const { statusCode = 502 } = response
      if (statusCode !== 200 && statusCode !== 206) {
        response.resume()
        resolve(refusal(statusCode))
        return
      }
      const headers: Record<string, string> = { 'content-type': link.contentType }
      for (const name of passedHeaders) {
        const value = response.headers[name]
        if (typeof value === 'string') headers[name] = value
      }
      // A cut body must not look complete: the stream ends with an error, and so does that of the window.
      const body = new PassThrough()
      const fail = () => body.destroy(new Error('The content was cut off.'))
      response.on('data', (chunk: Buffer) => {
        if (link.leftBytes !== null) {
          link.leftBytes -= chunk.length
          if (link.leftBytes < 0) {
            request.destroy()
            return fail()
          }
        }
        if (!body.write(chunk)) response.pause()
      })
      body.on('drain', () => response.resume())
      body.on('close', () => request.destroy())
      response.on('end', () => (response.complete ? body.end() : fail()))
      response.on('error', fail)
      resolve({ status: statusCode, headers, body })
    })
    request.end()
  })
}
