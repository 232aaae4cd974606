import { expect, it } from 'vitest'
import type { Transfer } from '../../../shared/transfer.ts'
import { keepPlaces, placesOf } from './keep-places.ts'

const transfer = (id: number, percentDone = 0) => ({ id, percentDone }) as Transfer

it('leaves every row where it is while transfers leave, change and arrive', () => {
  const first = placesOf([transfer(1), transfer(2), transfer(3)])
  const second = keepPlaces(first, [transfer(3, 50), transfer(4)])
  expect(second.map(({ transfer: { id, percentDone }, isGone }) => [id, percentDone, isGone])).toEqual([
    [1, 0, true],
    [2, 0, true],
    [3, 50, false],
    [4, 0, false],
  ])
  const third = keepPlaces(second, [transfer(1), transfer(4)])
  expect(third.map(({ transfer: { id }, isGone }) => [id, isGone])).toEqual([
    [1, false],
    [2, true],
    [3, true],
    [4, false],
  ])
})
