import type { Space } from '../../core/space/space.ts'
import { keepText } from './envelope.ts'

const maxKept = 64
const maxItems = 5000

/** A cache of recent listings, valid as long as nothing has changed in their space. */
export function createListings() {
  const kept = new WeakMap<Space, { version: number; answers: Map<string, unknown[]> }>()
  return {
    get: (space: Space, key: string, make: () => unknown[]): unknown[] => {
      const version = space.version()
      const known = kept.get(space)
      const answers = known?.version === version ? known.answers : new Map<string, unknown[]>()
      if (answers !== known?.answers) kept.set(space, { version, answers })
      const before = answers.get(key)
      if (before !== undefined) return before
      const made = make()
      const [oldest] = answers.keys()
      if (answers.size >= maxKept && oldest !== undefined) answers.delete(oldest)
      if (made.length <= maxItems) answers.set(key, keepText(made))
      return made
    },
  }
}
