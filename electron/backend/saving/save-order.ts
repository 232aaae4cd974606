import type { SaveMove } from '../../../shared/save.ts'

/** Where members of a list are moved. */
type Move<T> = Extract<SaveMove, string> | { before: T | undefined }

/**
 * A list with some of its members moved up, down, to the beginning, to the end or before another. They keep their order among each other.
 * Before something that is not in the list, nothing is moved.
 */
export function moved<T>(list: readonly T[], chosen: ReadonlySet<T>, to: Move<T>): T[] {
  const [some, others] = [list.filter((one) => chosen.has(one)), list.filter((one) => !chosen.has(one))]
  if (to === 'first') return [...some, ...others]
  if (to === 'last') return [...others, ...some]
  if (typeof to === 'object') {
    const place = to.before === undefined ? -1 : list.indexOf(to.before)
    if (place === -1) return [...list]
    // Before one that is moved itself means before what follows it.
    const next = list.slice(place).find((one) => !chosen.has(one))
    return others.toSpliced(next === undefined ? others.length : others.indexOf(next), 0, ...some)
  }
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
