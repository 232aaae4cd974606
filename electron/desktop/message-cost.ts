/** Deeper than anything the contract knows. */
const maxDepth = 32
const costOfNumber = 8

/**
 * True for plain data (objects, arrays, strings, numbers, booleans, null) of about at most `max` characters as JSON. It never does
 * more work than `max` allows: an array's length counts before its members are looked at, and what is referred to twice counts twice,
 * so that neither holes nor circles nor other kinds of objects cost anything.
 */
export function isAffordable(message: unknown, max: number): boolean {
  const groups: { members: () => Iterable<unknown>; depth: number }[] = []
  let left = max
  const isPaid = (value: unknown, depth: number) => {
    const group = groupOf(value)
    left -= group?.cost ?? costOfSimple(value)
    if (group !== null) groups.push({ members: group.members, depth: depth + 1 })
    return left >= 0 && depth <= maxDepth
  }
  if (!isPaid(message, 0)) return false
  for (let next = groups.pop(); next !== undefined; next = groups.pop()) {
    for (const member of next.members()) if (!isPaid(member, next.depth)) return false
  }
  return true
}

/** A function or a symbol crosses no process, and a bigint is in no contract. */
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

/** What has members. Null for everything else, and for objects that are not plain, which nothing can pay for. */
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
