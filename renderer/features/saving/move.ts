import type { Save } from '../../../shared/save.ts'
import type { Send } from '../../../shared/send.ts'
import type { MessageId } from '../../words/say.ts'

type Tone = 'running' | 'waiting' | 'resting' | 'error'
type MoveStatus = 'waiting' | 'listing' | 'moving' | 'paused' | 'done' | 'error'

/** What is common to a save and a send: bytes that move, and a place in a list. */
export interface Move {
  id: string
  name: string
  status: MoveStatus
  sizeBytes: number | null
  movedBytes: number
  speedBytesPerSecond: number | null
  secondsLeft: number | null
}

type Facts = Pick<Save, 'sizeBytes' | 'speedBytesPerSecond' | 'secondsLeft' | 'id' | 'name'>

export function moveOfSave(save: Facts & Pick<Save, 'status' | 'savedBytes'>): Move {
  const { status, savedBytes } = save
  return {
    ...save,
    movedBytes: savedBytes,
    status: status === 'saving' ? 'moving' : status === 'saved' ? 'done' : status,
  }
}

export function moveOfSend(send: Facts & Pick<Send, 'status' | 'sentBytes'>): Move {
  const { status, sentBytes } = send
  return {
    ...send,
    movedBytes: sentBytes,
    status: status === 'sending' ? 'moving' : status === 'sent' ? 'done' : status,
  }
}

export function isRunning({ status }: Pick<Move, 'status'>): boolean {
  return status === 'waiting' || status === 'listing' || status === 'moving'
}

const tones: Record<MoveStatus, Tone> = {
  waiting: 'waiting',
  listing: 'running',
  moving: 'running',
  paused: 'waiting',
  done: 'resting',
  error: 'error',
}

/** The color of a status. */
export function toneOf({ status }: Move): Tone {
  return tones[status]
}

/** The words of a list, which differ between saving and sending. */
export interface MoveWords {
  statuses: Record<MoveStatus, MessageId>
  progress: MessageId
  pause: MessageId
  resume: MessageId
  retry: MessageId
  show: MessageId
  cancel: MessageId
  remove: MessageId
  /** In the head of the list. */
  moving: MessageId
  clear: MessageId
}

export const saveWords: MoveWords = {
  statuses: {
    waiting: 'saves.waiting',
    listing: 'saves.listing',
    moving: 'saves.saving',
    paused: 'saves.paused',
    done: 'saves.done',
    error: 'saves.failed',
  },
  progress: 'saves.progress',
  pause: 'saves.pause',
  resume: 'saves.resume',
  retry: 'saves.retry',
  show: 'saves.showOf',
  cancel: 'saves.cancel',
  remove: 'saves.remove',
  moving: 'saves.count',
  clear: 'saves.clear',
}

export const sendWords: MoveWords = {
  statuses: {
    waiting: 'saves.waiting',
    listing: 'saves.listing',
    moving: 'sends.sending',
    paused: 'saves.paused',
    done: 'sends.done',
    error: 'sends.failed',
  },
  progress: 'sends.progress',
  pause: 'saves.pause',
  resume: 'saves.resume',
  retry: 'saves.retry',
  show: 'saves.showOf',
  cancel: 'sends.cancel',
  remove: 'saves.remove',
  moving: 'sends.count',
  clear: 'sends.clear',
}

/** 0–100. It is 100 only when everything is there. */
export function percentOf({
  status,
  sizeBytes,
  movedBytes,
}: Pick<Move, 'status' | 'sizeBytes' | 'movedBytes'>): number {
  if (status === 'done') return 100
  if (sizeBytes === null || sizeBytes === 0) return 0
  return Math.min(99, Math.floor((movedBytes / sizeBytes) * 100))
}
