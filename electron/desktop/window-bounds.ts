/** Where a window stands, in the screen's points. */
export interface Bounds {
  x: number
  y: number
  width: number
  height: number
}

export const minWidth = 720
export const minHeight = 480

/** More than any set of screens. */
const farthest = 100_000

export function isSide(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(Number(value)) <= farthest
}

/** What was kept, as the place of a window of which a part can be seen on one of the screens and that is no larger than it; else null. */
export function usableBounds(kept: ReadonlyMap<string, unknown>, screens: readonly Bounds[]): Bounds | null {
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => kept.get(name))
  if (!isSide(x) || !isSide(y) || !isSide(width) || !isSide(height)) return null
  if (width <= 0 || height <= 0) return null
  for (const area of screens) {
    // Made smaller first: what is cut off may have been the only part in sight.
    const usable = {
      x,
      y,
      width: Math.max(minWidth, Math.min(width, area.width)),
      height: Math.max(minHeight, Math.min(height, area.height)),
    }
    if (isSeen(usable, area)) return usable
  }
  return null
}

/** True when so much of a window is on a screen that it can be taken and moved. */
function isSeen({ x, y, width }: Bounds, area: Bounds): boolean {
  const isBeside = x >= area.x + area.width - 80 || x + width <= area.x + 80
  return !isBeside && y >= area.y - 20 && y < area.y + area.height - 40
}
