import { expect, it } from 'vitest'
import { defaultSettings, type Settings } from '../../../shared/settings.ts'
import type { Question } from '../host/host.ts'
import { Quitting } from './quitting.ts'
import type { Interrupted } from './running.ts'

function open(answers: number[], { transfers = [], saves = [], sends = [] }: Partial<Interrupted> = {}) {
  let settings: Settings = defaultSettings
  const asked: Question[] = []
  const quitting = new Quitting({
    host: {
      ask: async (question) => {
        asked.push(question)
        return answers.shift() ?? question.buttons.length - 1
      },
    },
    settings: () => settings,
    change: (change) => {
      settings = { ...settings, ...change } as Settings
    },
    interrupted: () => ({ transfers, saves, sends }),
  })
  return { quitting, asked, closeAction: () => settings.closeAction }
}

it('asks once what closing means, and remembers the answer', async () => {
  const { quitting, asked, closeAction } = open([0])
  expect([await quitting.closing(), await quitting.closing(), closeAction()]).toEqual(['hide', 'hide', 'hide'])
  expect(asked.length).toBe(1)
})

it('asks again at the next close when the question was closed', async () => {
  const { quitting, asked, closeAction } = open([2, 1])
  expect([await quitting.closing(), closeAction()]).toEqual(['stay', 'ask'])
  expect([await quitting.closing(), closeAction(), asked.length]).toEqual(['quit', 'quit', 2])
})

it('names what runs before it quits, and asks nothing when nothing runs', async () => {
  const idle = open([])
  expect([await idle.quitting.quitting(), idle.asked]).toEqual(['quit', []])
  const transfers = ['a.mkv', 'b.mkv', 'c.mkv', 'd.mkv', 'e.mkv', 'f.mkv']
  const busy = open([0, 1, 2], { transfers, saves: ['song.flac'], sends: ['photos'] })
  expect(await busy.quitting.quitting()).toBe('quit')
  expect(busy.asked[0]?.detail).toBe(
    '6 running transfers: “a.mkv”, “b.mkv”, “c.mkv”, “d.mkv”, 2 more.\n1 running save to this computer: “song.flac”.\n1 running upload: “photos”. Quitting interrupts this; it continues at the next start.',
  )
  expect([await busy.quitting.quitting(), await busy.quitting.quitting()]).toEqual(['hide', 'stay'])
})

it('names what runs when closing quits, too, and asks one question at a time', async () => {
  const { quitting, asked } = open([1, 0], { transfers: ['a.mkv'] })
  const both = await Promise.all([quitting.closing(), quitting.quitting()])
  expect([both, asked.length]).toEqual([['quit', 'quit'], 1])
  expect(asked[0]?.detail).toContain('1 running transfer: “a.mkv”.')
  await quitting.closing()
  expect(asked[1]?.message).toBe('Quit Putdesk?')
})
