/** Deeper than anything the contract knows. */
const maxDepth = 32
const costOfNumber = 8

/**
 * True for plain data (objects, arrays, strings, numbers, booleans, null) of about at most `max` characters as JSON. It never does
 * more work than `max` allows: an array's length counts before its members are looked at, and what is referred to twice counts twice,
 * so that neither holes nor circles nor other kinds of objects cost anything.
 */
export function isAffordable(message: unknown, max: number): boolean {
  const waiting: { value: unknown; depth: number }[] = [{ value: message, depth: 0 }]
  let left = max
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, depth } = next
    const inside = membersOf(value)
    left -= inside === null ? costOfSimple(value) : inside.cost
    if (left < 0 || depth > maxDepth) return false
    if (inside === null) continue
    for (const member of inside.members()) waiting.push({ value: member, depth: depth + 1 })
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

/** Null for what has no members, and for objects that are not plain, which nothing can pay for. */
function membersOf(value: unknown): { cost: number; members(): Iterable<unknown> } | null {
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
