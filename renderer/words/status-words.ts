import type { Transfer, TransferStatus } from '../../shared/transfer.ts'
import { formatDuration, formatSize } from './format.ts'
import { type MessageId, say } from './say.ts'
import { visibleName } from './visible-name.ts'

/** The colour of a status. The word is always shown beside it. */
export type Tone = 'running' | 'sharing' | 'waiting' | 'resting' | 'error'

export const statusWords = {
  waiting: { word: 'status.waiting', tone: 'waiting' },
  'in-queue': { word: 'status.in-queue', tone: 'waiting' },
  'looking-for-peers': { word: 'status.looking-for-peers', tone: 'resting' },
  downloading: { word: 'status.downloading', tone: 'running' },
  'downloading-and-seeding': { word: 'status.downloading-and-seeding', tone: 'running' },
  seeding: { word: 'status.seeding', tone: 'sharing' },
  'in-complete-queue': { word: 'status.in-complete-queue', tone: 'waiting' },
  'in-extraction-queue': { word: 'status.in-extraction-queue', tone: 'waiting' },
  extracting: { word: 'status.extracting', tone: 'waiting' },
  completing: { word: 'status.completing', tone: 'running' },
  error: { word: 'status.error', tone: 'error' },
  unknown: { word: 'status.unknown', tone: 'resting' },
} as const satisfies Record<TransferStatus, { word: MessageId; tone: Tone }>

/** The context that the second line of a transfer needs. */
export interface Surroundings {
  /** The name of the folder it goes to, if known. */
  folder: string | null
  /** Its position among the waiting transfers, from 1. */
  placeInLine: number
  /** Names of the transfers that hold the slots it waits for. */
  holders: readonly string[]
  /** How many others are in the service's queue. */
  inQueue: number
  nowMs: number
}

/** After looking for peers for this long, the advice mentions that popular torrents start sooner. */
const longSearchMs = 3 * 60_000
/** A longer wait in the queue is not short. */
const shortQueueMs = 10_000
const maxNamed = 2

/** One line about why a transfer is in its status, and what the person can do or expect. */
export function adviceFor(transfer: Transfer, around: Surroundings): string {
  const { status, reason, stagePercent } = transfer
  if (reason !== null) return withoutName(reason, transfer.name)
  switch (status) {
    case 'downloading':
    case 'downloading-and-seeding':
      return routeOf(transfer, around.folder)
    case 'waiting':
      return waitOf(around)
    case 'looking-for-peers':
      return searchOf(transfer, around.nowMs)
    case 'seeding':
      return stagePercent === null ? say('advice.seeding') : say('advice.seedingAt', { percent: stagePercent })
    case 'in-queue':
      return queueOf(transfer, around)
    case 'error':
    case 'in-complete-queue':
    case 'in-extraction-queue':
    case 'extracting':
    case 'completing':
      return say(`advice.${status}`)
    case 'unknown':
      return unknownOf(transfer)
    default: {
      const never: never = status
      return never
    }
  }
}

/** The percentage to show: of the current stage if the service reports it, otherwise of the whole transfer. */
export function shownPercent({ percentDone, stagePercent }: Transfer): number {
  return stagePercent ?? percentDone
}

/** Removes the transfer's name from the start of a sentence that is shown below that name. */
function withoutName(sentence: string, name: string): string {
  const start = `“${name}” `
  return sentence.startsWith(start) ? sentence.slice(start.length) : sentence
}

/** Where it comes from, how much was shared back, and where it goes. */
function routeOf({ status, host, peers, uploadedBytes }: Transfer, folder: string | null): string {
  const from =
    peers !== null ? say('advice.peers', { count: peers }) : host === null ? null : say('advice.from', { host })
  const isSharing = status === 'downloading-and-seeding' && uploadedBytes !== null && uploadedBytes > 0
  const parts = [
    from,
    isSharing ? say('advice.sharedBack', { size: formatSize(uploadedBytes) }) : null,
    folder === null ? null : say('advice.to', { folder }),
  ].filter((part) => part !== null)
  return parts.length === 0
    ? say(`advice.${status === 'downloading' ? status : 'downloading-and-seeding'}`)
    : parts.join(' · ')
}

function waitOf({ placeInLine: place, holders }: Surroundings): string {
  if (holders.length === 0) return say('advice.waiting', { place })
  const named = holders.slice(0, maxNamed).map((name) => `“${visibleName(name)}”`)
  const names = new Intl.ListFormat('en', { type: 'unit' }).format(named)
  return say('advice.waitingFor', { place, names, count: holders.length, more: holders.length - named.length })
}

/** The service's own word is all that is known. */
function unknownOf({ serviceStatus: word }: Transfer): string {
  return word === null ? say('advice.unknown') : say('advice.unknownAs', { word: visibleName(word) })
}

/** What is about to start has started after a few seconds; otherwise the service is busy with others. */
function queueOf({ statusSinceMs }: Transfer, { inQueue, nowMs }: Surroundings): string {
  const isLong = statusSinceMs !== null && nowMs - statusSinceMs > shortQueueMs
  return isLong ? say('advice.inQueueLong', { before: inQueue }) : say('advice.in-queue')
}

function searchOf({ statusSinceMs }: Transfer, nowMs: number): string {
  const searchedMs = statusSinceMs === null ? 0 : nowMs - statusSinceMs
  if (searchedMs < 5000) return say('advice.looking-for-peers')
  const time = formatDuration(searchedMs / 1000)
  return say(searchedMs < longSearchMs ? 'advice.lookingFor' : 'advice.lookingLong', { time })
}
