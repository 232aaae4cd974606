import { expect, it } from 'vitest'
import { saveOnFullDisk } from '../faults/full-disk.ts'
import { saveUnderKills } from '../faults/kills.ts'
import { saveLargeFolder } from '../faults/large-folder.ts'
import { saveWhileReplaced } from '../faults/versions.ts'
import { createChance } from '../soak/random.ts'
import { has } from '../support/facilities.ts'

// Short forms of what `npm run faults` does at length.

const seed = Number(process.env.PUTDESK_SEED ?? Math.floor(Math.random() * 2 ** 31))
console.info(`PUTDESK_SEED=${seed}`)
const MiB = 1024 * 1024

it('is saved with the same bytes when the saver and the backend are killed, and little is fetched again (F1)', async () => {
  const { problems, again, connections } = await saveUnderKills({
    chance: createChance(seed),
    saves: 1,
    killsPerSave: 2,
    sizeBytes: 16 * MiB,
    bytesPerSecond: 4 * MiB,
  })
  expect(problems).toEqual([])
  expect(again.filter((bytes) => bytes > connections * MiB)).toEqual([])
})

it('has every file of a folder once when the saver and the backend are killed', async () => {
  const folder = { chance: createChance(seed), files: 150, fileBytes: 20_000, interruptions: 4 }
  expect((await saveLargeFolder(folder)).problems).toEqual([])
})

it('is never a mixture of two versions of its source, and says when it starts over (F7)', async () => {
  const { problems, saved } = await saveWhileReplaced(seed, 30)
  expect(problems).toEqual([])
  expect(saved).toBeGreaterThan(10)
})

it.runIf(has('strace'))(
  'is whole wherever its disk was full for a moment, also when its file is created (F4)',
  async () => {
    const chance = createChance(seed)
    const { problems, told } = await saveOnFullDisk({
      chance,
      sizeBytes: 6 * MiB,
      bytesPerSecond: 12 * MiB,
      bursts: [1],
      choose: (calls) => [1, 2, 2 + chance.below(calls - 2), 2 + chance.below(calls - 2)],
    })
    expect(problems).toEqual([])
    expect(told).toBeGreaterThan(0)
  },
)
