/** Deeper than anything in the contract. */
const maxDepth = 32
const costOfNumber = 8

/**
 * True for plain data (objects, arrays, strings, numbers, booleans, null) of at most about `max` characters as JSON. The work is
 * bounded by `max`: an array's length counts before its members are visited, and what is referenced twice counts twice. So sparse
 * arrays, cycles and exotic objects are refused cheaply.
 */
export function isAffordable(message: unknown, max: number): boolean {
  const groups: { members: () => Iterable<unknown>; depth: number }[] = []
  let budget = max
  const isWithinBudget = (value: unknown, depth: number) => {
    const group = groupOf(value)
    budget -= group?.cost ?? costOfSimple(value)
    if (group !== null) groups.push({ members: group.members, depth: depth + 1 })
    return budget >= 0 && depth <= maxDepth
  }
  if (!isWithinBudget(message, 0)) return false
  for (let next = groups.pop(); next !== undefined; next = groups.pop()) {
    for (const member of next.members()) if (!isWithinBudget(member, next.depth)) return false
  }
  return true
}

/** Functions and symbols cannot be sent between processes, and the contract has no bigints. */
function costOfSimple(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return value.length
    case 'number':
      return costOfNumber
    case 'boolean':
    case 'undefined':
      return 1
    default:
      return value === null ? 1 : Number.POSITIVE_INFINITY
  }
}

/** The members of an array or a plain object, with its own cost. Null for anything else; other objects then cost infinity. */
function groupOf(value: unknown): { cost: number; members(): Iterable<unknown> } | null {
  if (Array.isArray(value)) return { cost: value.length, members: () => value }
  if (typeof value !== 'object' || value === null) return null
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return null
  const names = Object.keys(value)
  return {
    cost: names.reduce((sum, name) => sum + name.length + 1, 0),
    members: () => Object.values(value),
  }
}
