import type { SaveMove } from '../../../shared/save.ts'

/** A list with some of its members moved up, down, to the beginning or to the end. They keep their order among each other. */
export function moved<T>(list: readonly T[], chosen: ReadonlySet<T>, to: SaveMove): T[] {
  const [some, others] = [list.filter((one) => chosen.has(one)), list.filter((one) => !chosen.has(one))]
  if (to === 'first') return [...some, ...others]
  if (to === 'last') return [...others, ...some]
  return to === 'up' ? movedUp(list, chosen) : movedUp(list.toReversed(), chosen).reverse()
}

function movedUp<T>(list: readonly T[], chosen: ReadonlySet<T>): T[] {
  const result: T[] = []
  for (const one of list) {
    const before = result.at(-1)
    const isPassed = chosen.has(one) && before !== undefined && !chosen.has(before)
    if (isPassed) result.splice(-1, 0, one)
    else result.push(one)
  }
  return result
}
