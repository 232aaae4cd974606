import type { Transfer, TransferStatus } from '../../shared/transfer.ts'
import { type MessageId, say } from './say.ts'

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
}

/** Why a transfer is in its status, and what the person can do or expect, in one line. */
export function adviceFor(transfer: Transfer, { folder, placeInLine }: Surroundings): string {
  switch (transfer.status) {
    case 'downloading':
    case 'downloading-and-seeding': {
      const way = [
        transfer.host === null ? null : say('advice.from', { host: transfer.host }),
        folder === null ? null : say('advice.to', { folder }),
      ].filter((part) => part !== null)
      return way.length === 0 ? say(`advice.${transfer.status}`) : way.join(' · ')
    }
    case 'waiting':
      return transfer.reason ?? say('advice.waiting', { place: placeInLine })
    case 'error':
      return transfer.reason ?? say('advice.error')
    case 'in-queue':
    case 'looking-for-peers':
    case 'seeding':
    case 'in-complete-queue':
    case 'in-extraction-queue':
    case 'extracting':
    case 'completing':
    case 'unknown':
      return transfer.reason ?? say(`advice.${transfer.status}`)
    default: {
      const never: never = transfer.status
      return never
    }
  }
}
