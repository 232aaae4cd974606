import { expect, it } from 'vitest'
import type { Account } from '../../../shared/account.ts'
import type { Save } from '../../../shared/save.ts'
import type { Send } from '../../../shared/send.ts'
import type { Transfer } from '../../../shared/transfer.ts'
import { Running } from './running.ts'

function open() {
  const running = new Running()
  running.see('accounts.changed', [
    { id: 'local', kind: 'this-computer' } as Account,
    { id: 'far', kind: 'server' } as Account,
  ])
  const list = (accountId: string, ...transfers: Partial<Transfer>[]) =>
    running.see('transfers.changed', {
      accountId,
      isReset: true,
      upserted: transfers.map((one, id) => ({ id, isCancelled: false, ...one }) as Transfer),
      removed: [],
      arrived: [],
    })
  return { running, list }
}

it('names what quitting interrupts: transfers of this computer, saves and sends', () => {
  const { running, list } = open()
  list('far', { name: 'far.iso', status: 'downloading' })
  list(
    'local',
    { name: 'a', status: 'downloading' },
    { name: 'b', status: 'waiting' },
    { name: 'c', status: 'error' },
    { name: 'd', status: 'downloading', isCancelled: true },
  )
  const upserted = [
    { id: '1', name: 'song', status: 'saving' } as Save,
    { id: '2', name: 'old', status: 'saved' } as Save,
  ]
  running.see('saves.changed', { isReset: false, upserted, removed: [] })
  const sends = [
    { id: '1', name: 'photos', status: 'sending' } as Send,
    { id: '2', name: 'later', status: 'paused' } as Send,
    { id: '3', name: 'there', status: 'sent' } as Send,
  ]
  running.see('sends.changed', { isReset: false, upserted: sends, removed: [] })
  expect(running.interrupted()).toEqual({ transfers: ['a', 'b'], saves: ['song'], sends: ['photos'] })
})

it('keeps the computer awake only while bytes move on it', () => {
  const { running, list } = open()
  const statuses = ['waiting', 'looking-for-peers', 'downloading', 'extracting', 'seeding', 'error'] as const
  const moving = statuses.map((status) => {
    list('local', { status })
    return running.isMoving()
  })
  expect(moving).toEqual([false, false, true, true, false, false])
  list('local')
  running.see('saves.changed', { isReset: true, upserted: [{ id: '1', status: 'saving' } as Save], removed: [] })
  expect(running.isMoving()).toBe(true)
  running.see('saves.changed', { isReset: false, upserted: [{ id: '1', status: 'paused' } as Save], removed: [] })
  expect(running.isMoving()).toBe(false)
  running.see('sends.changed', { isReset: true, upserted: [{ id: '1', status: 'sending' } as Send], removed: [] })
  expect(running.isMoving()).toBe(true)
  running.see('sends.changed', { isReset: false, upserted: [], removed: ['1'] })
  expect(running.isMoving()).toBe(false)
})

it('knows what share of what runs is done, saved here and sent up together', () => {
  const { running } = open()
  expect(running.share()).toBe(null)
  const saves = [
    { id: '1', status: 'saving', sizeBytes: 100, savedBytes: 50 } as Save,
    { id: '2', status: 'listing', sizeBytes: null, savedBytes: 0 } as Save,
  ]
  running.see('saves.changed', { isReset: true, upserted: saves, removed: [] })
  expect(running.share()).toBe(0.5)
  const sends = [
    { id: '1', status: 'sending', sizeBytes: 300, sentBytes: 50 } as Send,
    { id: '2', status: 'sent', sizeBytes: 300, sentBytes: 300 } as Send,
  ]
  running.see('sends.changed', { isReset: true, upserted: sends, removed: [] })
  expect(running.share()).toBe(0.25)
})
