import type { Transfer, TransferStatus } from '../../shared/transfer.ts'
import { formatDuration, formatSize } from './format.ts'
import { type MessageId, say } from './say.ts'
import { visibleName } from './visible-name.ts'

/** What colour a status has; the word always stands beside it. */
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

/** What the second line of a transfer needs beside the transfer itself. */
export interface Surroundings {
  /** Name of the folder it goes to, when known. */
  folder: string | null
  /** Its place among those that wait, from 1. */
  placeInLine: number
  /** Names of the transfers that hold the slots it waits for. */
  holders: readonly string[]
  nowMs: number
}

/** So long a torrent may look for people before the person is advised to choose another. */
const longLookMs = 3 * 60_000
const maxNamed = 2

/** Why a transfer is in its status, and what the person can do or expect, in one line. */
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
    case 'error':
    case 'in-queue':
    case 'in-complete-queue':
    case 'in-extraction-queue':
    case 'extracting':
    case 'completing':
    case 'unknown':
      return say(`advice.${status}`)
    default: {
      const never: never = status
      return never
    }
  }
}

/** How far a transfer has come in what it does now: in its stage where that is told, else in all. */
export function shownPercent({ percentDone, stagePercent }: Transfer): number {
  return stagePercent ?? percentDone
}

/** A sentence that begins with the transfer's name, under that very name: what it says of it. */
function withoutName(sentence: string, name: string): string {
  const start = `“${name}” `
  return sentence.startsWith(start) ? sentence.slice(start.length) : sentence
}

/** Where it comes from, what was shared of it, where it goes to. */
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

function searchOf({ statusSinceMs }: Transfer, nowMs: number): string {
  const lookedMs = statusSinceMs === null ? 0 : nowMs - statusSinceMs
  if (lookedMs < 5000) return say('advice.looking-for-peers')
  const time = formatDuration(lookedMs / 1000)
  return say(lookedMs < longLookMs ? 'advice.lookingFor' : 'advice.lookingLong', { time })
}
