import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** A part of the screen, and the colour that shows that something has appeared there. */
export interface Spot {
  x: number
  y: number
  width: number
  height: number
  color: readonly [red: number, green: number, blue: number]
}

/** A virtual screen whose pixels can be read while a program draws on it. */
export interface Screen {
  name: string
  /** Resolves when a spot shows its colour, as a user would see it. */
  shows(spot: Spot, signal: AbortSignal): Promise<void>
  stop(): void
}

const bytesPerPixel = 4
const tolerance = 40

/** Starts Xvfb with its frame buffer in a file, in the X window dump format: a header, the colours, the rows. */
export async function startScreen(folder: string, width = 1280, height = 800): Promise<Screen> {
  mkdirSync(folder, { recursive: true })
  const options = ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-fbdir', folder, '-nolisten', 'tcp']
  const xvfb = spawn('Xvfb', options, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const number = await new Promise<string>((resolve, reject) => {
    xvfb.once('error', reject)
    xvfb.stdio[3]?.once('data', (display: Buffer) => resolve(display.toString().trim()))
  })
  const file = openSync(join(folder, 'Xvfb_screen0'), 'r')
  const header = Buffer.alloc(100)
  readSync(file, header, 0, 100, 0)
  const rowBytes = header.readUInt32BE(48)
  const firstPixel = header.readUInt32BE(0) + header.readUInt32BE(76) * 12

  const isShown = ({ x, y, width: wide, height: high, color: [red, green, blue] }: Spot) => {
    const row = Buffer.alloc(wide * bytesPerPixel)
    for (let line = y; line < y + high; line += 1) {
      readSync(file, row, 0, row.length, firstPixel + line * rowBytes + x * bytesPerPixel)
      for (let at = 0; at < row.length; at += bytesPerPixel) {
        const distance =
          Math.abs((row[at] ?? 0) - blue) + Math.abs((row[at + 1] ?? 0) - green) + Math.abs((row[at + 2] ?? 0) - red)
        if (distance < tolerance) return true
      }
    }
    return false
  }

  return {
    name: `:${number}`,
    shows: async (spot, signal) => {
      while (!isShown(spot)) {
        signal.throwIfAborted()
        await new Promise((resolve) => setTimeout(resolve, 4))
      }
    },
    stop: () => xvfb.kill(),
  }
}
