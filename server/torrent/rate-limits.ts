import { RateLimit } from '../../engine/net/rate-limit.ts'
import type { TorrentLimits } from './messages.ts'

/** The limits that all connections of the worker share. */
export interface RateLimits {
  readonly download: RateLimit
  readonly upload: RateLimit
}

export function createRateLimits({ downloadLimit, uploadLimit }: TorrentLimits): RateLimits {
  return { download: new RateLimit(rateOf(downloadLimit)), upload: new RateLimit(rateOf(uploadLimit)) }
}

/** A limit as `RateLimit` takes it. */
export function rateOf(limit: number): number | null {
  return limit > 0 ? limit : null
}
