import { spawn, spawnSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'

/** A window of another program, on the same X server, that takes what is dropped on it. */
export interface DropTarget {
  /** The address of what is dropped first. */
  dropped: Promise<string>
  stop(): void
}

export interface Point {
  x: number
  y: number
}

/** Opens a drop target whose upper left corner is there; it is 200 by 150 pixels large. */
export async function startDropTarget({ x, y }: Point): Promise<DropTarget> {
  const title = `drop target ${process.pid}`
  const child = spawn('yad', ['--dnd', `--geometry=200x150+${x}+${y}`, '--no-buttons', `--title=${title}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const stop = () => void child.kill()
  process.once('exit', stop)
  const dropped = new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
    child.once('error', reject)
    child.once('exit', () => reject(new Error('the drop target has ended')))
  })
  // Whoever waits for a drop is told; a target that is stopped is no error.
  dropped.catch(() => undefined)
  while (spawnSync('xdotool', ['search', '--onlyvisible', '--name', title]).status !== 0) await wait(100)
  return { dropped, stop }
}

/** Presses the first button of the X server's mouse (XTEST) at one point, moves to another, and releases it there. */
export async function dragWithMouse(from: Point, to: Point): Promise<void> {
  const at = (share: number) => [
    `${Math.round(from.x + (to.x - from.x) * share)}`,
    `${Math.round(from.y + (to.y - from.y) * share)}`,
  ]
  xdotool('mousemove', ...at(0))
  xdotool('mousedown', '1')
  // Both programs answer each step before the next: a drag is a conversation of theirs.
  for (const share of [0.02, 0.05, 0.1, 0.3, 0.6, 0.9, 0.95, 1, 1]) {
    xdotool('mousemove', ...at(share))
    await wait(150)
  }
  xdotool('mouseup', '1')
}

function xdotool(...args: string[]): void {
  const { status, stderr } = spawnSync('xdotool', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`xdotool ${args.join(' ')}: ${stderr}`)
}
