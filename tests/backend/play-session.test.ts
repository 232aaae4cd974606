import { expect, it } from 'vitest'
import { PlaySession } from '../../electron/backend/playing/play-session.ts'
import { Playbacks } from '../../electron/backend/playing/playbacks.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const link = `http://127.0.0.1:1/s/${'a'.repeat(32)}/film.mkv`
const film = { id: 1, parentId: 0, name: 'film.mkv', kind: 'movie' as const, sizeBytes: 1, addedAtMs: null }

/** A film that was left at 600 of 3600 seconds, and is opened there as the first of a list. */
function leftInTheMiddle() {
  const playbacks = new Playbacks({
    dataFolder: temporaryFolder('playbacks'),
    emit: () => undefined,
    tell: () => undefined,
    onSaved: () => undefined,
  })
  playbacks.note('mary', film.id, { positionSeconds: 600, durationSeconds: 3600 })
  const session = new PlaySession({
    accountId: 'mary',
    playbacks,
    startSeconds: 600,
    startsByItself: false,
    hasSubtitles: false,
    onPause: () => undefined,
    subtitlesOf: () => new Promise(() => undefined),
  })
  session.add(link, film)
  return { session, seconds: () => 3600 * (playbacks.of('mary', film.id)?.progress ?? -1), playbacks }
}

it('keeps the place of a film while the player has not reached it, even if its subtitles are never found', () => {
  const { session, seconds } = leftInTheMiddle()
  expect(session.onFile(link).startSeconds).toBe(600)
  session.onPosition(link, 0.2, 3600)
  expect(seconds()).toBeCloseTo(600)
  session.onPosition(link, 605, 3600)
  session.onPosition(link, 120, 3600)
  expect(seconds()).toBeCloseTo(120)
})

it('notes nothing of an account that was removed while its film plays', () => {
  const { session, seconds, playbacks } = leftInTheMiddle()
  playbacks.removeAccount('mary')
  session.onPosition(link, 700, 3600)
  expect(seconds()).toBe(-3600)
})
