/** Position and size of a window, in device-independent pixels. */
export interface Bounds {
  x: number
  y: number
  width: number
  height: number
}

export const minWidth = 720
export const minHeight = 480

/** Larger than any arrangement of screens. */
const maxCoordinate = 100_000

export function isSide(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(Number(value)) <= maxCoordinate
}

/** The stored bounds, shrunk to fit a screen, or null if they are invalid or the window would not be visible on any screen. */
export function usableBounds(stored: ReadonlyMap<string, unknown>, screens: readonly Bounds[]): Bounds | null {
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => stored.get(name))
  if (!isSide(x) || !isSide(y) || !isSide(width) || !isSide(height)) return null
  if (width <= 0 || height <= 0) return null
  for (const area of screens) {
    // Shrinks first: the part that is cut off may have been the only visible one.
    const usable = {
      x,
      y,
      width: Math.max(minWidth, Math.min(width, area.width)),
      height: Math.max(minHeight, Math.min(height, area.height)),
    }
    if (isVisible(usable, area)) return usable
  }
  return null
}

/** True when enough of a window is on a screen to grab and move it. */
function isVisible({ x, y, width }: Bounds, area: Bounds): boolean {
  const isBeside = x >= area.x + area.width - 80 || x + width <= area.x + 80
  return !isBeside && y >= area.y - 20 && y < area.y + area.height - 40
}
