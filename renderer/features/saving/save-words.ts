import type { Save, SaveStatus } from '../../../shared/save.ts'
import type { MessageId } from '../../words/say.ts'

type Tone = 'running' | 'waiting' | 'resting' | 'error'

const words: Record<SaveStatus, { word: MessageId; tone: Tone }> = {
  waiting: { word: 'saves.waiting', tone: 'waiting' },
  listing: { word: 'saves.listing', tone: 'running' },
  saving: { word: 'saves.saving', tone: 'running' },
  paused: { word: 'saves.paused', tone: 'waiting' },
  saved: { word: 'saves.done', tone: 'resting' },
  error: { word: 'saves.failed', tone: 'error' },
}

/** The word and the color of a save's status. */
export function statusOf({ status }: Pick<Save, 'status'>): { word: MessageId; tone: Tone } {
  return words[status]
}

/** 0–100. It is 100 only when everything is saved. */
export function percentOf({
  status,
  sizeBytes,
  savedBytes,
}: Pick<Save, 'status' | 'sizeBytes' | 'savedBytes'>): number {
  if (status === 'saved') return 100
  if (sizeBytes === null || sizeBytes === 0) return 0
  return Math.min(99, Math.floor((savedBytes / sizeBytes) * 100))
}
