import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { AppError } from '../../../shared/errors.ts'
import type { Host } from '../host/host.ts'
import { headBytes, runsByContent, runsByName } from './can-run.ts'

/** The first bytes of a file, with which `runsByContent` decides. */
export async function headOf(path: string): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/**
 * Opens a file of this computer in the system's program for it, unless it could run code: then resolves to false. Errors: `refused` if it
 * cannot be read, or if no program opens it.
 */
export async function openSafely(host: Host, path: string): Promise<boolean> {
  const name = basename(path)
  if (runsByName(name)) return false
  const head = await headOf(path).catch((cause: unknown) => {
    throw new AppError('refused', `“${name}” cannot be read.`, { cause })
  })
  if (runsByContent(name, head)) return false
  await host.openWithSystem(path).catch((cause: unknown) => {
    throw new AppError('refused', `No program on this computer opens “${name}”.`, { cause })
  })
  return true
}
