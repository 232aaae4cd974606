import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import sevenZip from '7z-wasm'
import { promptRefused, type SevenZipRequest } from './seven-zip-run.ts'

/**
 * The worker data of the thread. `inFlight` counts the chunks that are not consumed yet, so that the thread waits for a slow reader.
 */
export interface WasmJob extends SevenZipRequest {
  inFlight: Int32Array
}

/** The thread's messages: bytes of its output, and finally its result. */
export type WasmMessage = { bytes: Uint8Array } | { code: number | null; messages: string }

const chunkBytes = 256 * 1024
const maxInFlight = 16
const maxMessageChars = 64 * 1024

const job: WasmJob = workerData
const send = (message: WasmMessage) => parentPort?.postMessage(message)

/** Reads the program, which is next to this file in a bundle and in its package in the source tree. */
function readProgram(): ArrayBuffer {
  const folder = import.meta.url.endsWith('.ts')
    ? dirname(createRequire(import.meta.url).resolve('7z-wasm'))
    : dirname(fileURLToPath(import.meta.url))
  return new Uint8Array(readFileSync(join(folder, '7zz.wasm'))).buffer
}

let held = new Uint8Array(chunkBytes)
let count = 0

function flush(): void {
  if (count === 0) return
  send({ bytes: held.subarray(0, count) })
  held = new Uint8Array(chunkBytes)
  count = 0
  let now = Atomics.add(job.inFlight, 0, 1) + 1
  while (now >= maxInFlight) {
    Atomics.wait(job.inFlight, 0, now)
    now = Atomics.load(job.inFlight, 0)
  }
}

function take(bytes: Uint8Array): void {
  for (let rest = bytes; rest.length > 0; ) {
    const taken = rest.subarray(0, chunkBytes - count)
    held.set(taken, count)
    count += taken.length
    rest = rest.subarray(taken.length)
    if (count === chunkBytes) flush()
  }
}

const input = Buffer.from(job.password === null ? '' : `${job.password}\n`)
let inputOffset = 0
let isInputRefused = false
let messages = ''
let code: number | null = null

const program = await sevenZip({
  wasmBinary: readProgram(),
  noFSInit: true,
  quit: (status) => {
    code = status
  },
})
const { FS, NODEFS } = program

// Replaces the library's devices for input, output and errors, which need a call per byte. They must be opened in this order.
const devices = [
  {
    read: (_stream: object, into: Uint8Array, offset: number, length: number) => {
      const piece = input.subarray(inputOffset, inputOffset + length)
      into.set(piece, offset)
      inputOffset += piece.length
      isInputRefused ||= piece.length === 0
      return piece.length
    },
  },
  {
    write: (_stream: object, from: Uint8Array, offset: number, length: number) => {
      take(from.subarray(offset, offset + length))
      return length
    },
  },
  {
    write: (_stream: object, from: Uint8Array, offset: number, length: number) => {
      messages = `${messages}${Buffer.from(from.subarray(offset, offset + length)).toString('utf8')}`.slice(
        -maxMessageChars,
      )
      return length
    },
  },
]
for (const [number, device] of devices.entries()) {
  const id = FS.makedev(90 + number, 0)
  FS.registerDevice(id, { open: () => undefined, close: () => undefined, ...device })
  FS.mkdev(`/dev/line${number}`, 0o666, id)
  FS.open(`/dev/line${number}`, number === 0 ? 'r' : 'w')
}

// Makes each volume available under the name that 7-Zip looks for.
FS.mkdir('/volumes')
const mounts = new Map<string, string>()
for (const { name, path } of job.volumes) {
  const folder = dirname(path)
  const mount = mounts.get(folder) ?? `/folder${mounts.size}`
  if (!mounts.has(folder)) {
    FS.mkdir(mount)
    FS.mount(NODEFS, { root: folder }, mount)
    mounts.set(folder, mount)
  }
  FS.symlink(`${mount}/${path.slice(folder.length).replace(/^[/\\]/, '')}`, `/volumes/${name}`)
}
FS.chdir('/volumes')
try {
  const status: unknown = program.callMain([...job.args])
  if (typeof status === 'number') code = status
} catch (error) {
  // Where the native program exits with a code, this one throws a C++ exception.
  messages = `${messages}\n${error instanceof Error ? error.message : 'It broke off.'}`
  if (isInputRefused) code = promptRefused
}
flush()
send({ code, messages })
