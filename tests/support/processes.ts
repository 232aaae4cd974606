import { readdirSync, readFileSync } from 'node:fs'

/** The command lines of all processes of this machine, by their id. */
export function commandLines(): Map<number, string> {
  const lines = new Map<number, string>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      lines.set(Number(name), readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim())
    } catch {
      // The process has ended since the folder was read.
    }
  }
  return lines
}

/** The command lines of the processes whose command line or environment contains this, by their id. */
export function commandLinesWith(mark: string): Map<number, string> {
  return new Map([...commandLines()].filter(([id, line]) => line.includes(mark) || environmentOf(id).includes(mark)))
}

function environmentOf(id: number): string {
  try {
    return readFileSync(`/proc/${id}/environ`, 'utf8')
  } catch {
    // It has ended, or belongs to another user.
    return ''
  }
}

/** The id of the one process whose command line contains all of these. */
export function findProcess(...parts: string[]): number {
  const found = [...commandLines()].filter(([, line]) => parts.every((part) => line.includes(part)))
  const [first] = found
  if (first === undefined || found.length > 1)
    throw new Error(`${found.length} processes contain ${parts.join(' and ')}`)
  return first[0]
}
