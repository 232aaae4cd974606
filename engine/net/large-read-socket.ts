import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import { Duplex } from 'node:stream'
import { Slab, slabBytes } from './slab.ts'

/** Enough for a short response; longer ones get a larger slab each time. */
const firstSlabBytes = 64 * 1024
const minReadBytes = 128 * 1024

/** A connection that is read in large pieces. */
export interface LargeReads {
  socket: Socket
  /** Destroying it or the socket destroys both. */
  stream: Duplex
  /**
   * Gives everything that arrives from now on to `take`, uncopied, instead of the stream, which still tells the end. `take` returns false
   * to have no more for now: the socket is paused then. Returns false, and changes nothing, while the stream holds something back.
   */
  divert(take: (piece: Buffer) => boolean): boolean
}

/**
 * Connects, and reads up to 512 KiB at once where a plain socket reads 64 KiB: fewer calls, and fewer pieces to write. With `isCopied`,
 * listeners of the stream copy the data, as Node's HTTP and TLS do.
 */
export function connectWithLargeReads(target: TcpNetConnectOpts, { isCopied = false } = {}): LargeReads {
  let take: ((piece: Buffer) => boolean) | null = null
  let slab = Slab.take(firstSlabBytes)
  let nextBytes = 2 * firstSlabBytes
  let wasFilled = false
  const nextBuffer = () => {
    const { room } = slab
    const isUsable = take === null || !slab.wasEmptied
    if (isUsable && room.length >= Math.min(minReadBytes, slab.sizeBytes) && !(wasFilled && slab.sizeBytes < slabBytes))
      return room
    slab.retire()
    slab = Slab.take(nextBytes)
    nextBytes = Math.min(2 * nextBytes, slabBytes)
    wasFilled = false
    return slab.room
  }
  const stream = new Duplex({
    readableHighWaterMark: slabBytes,
    allowHalfOpen: true,
    read: () => {
      socket.resume()
    },
    write: (chunk: Buffer, _encoding, done) => {
      socket.write(chunk, (error) => done(error ?? null))
    },
    final: (done) => {
      socket.end(done)
    },
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    },
  })
  const socket = connect({
    ...target,
    onread: {
      buffer: nextBuffer,
      // Returning false would pause the reading, but the next read would overwrite the buffer.
      callback: (bytesRead) => {
        wasFilled = bytesRead === slab.room.length
        const piece = slab.fill(bytesRead)
        if (take !== null) {
          // What is read into memory that was used before is used again as well.
          const own = slab.wasEmptied ? Buffer.from(piece) : piece
          if (slab.wasEmptied) slab.empty(bytesRead)
          if (!take(own)) socket.pause()
          return true
        }
        if (!stream.push(piece)) socket.pause()
        if (isCopied && stream.readableLength === 0) slab.empty(bytesRead)
        return true
      },
    },
  })
  socket.on('end', () => stream.push(null))
  socket.on('error', (error) => stream.destroy(error))
  socket.on('close', () => {
    if (!stream.readableEnded && !socket.readableEnded) stream.destroy()
  })
  return {
    socket,
    stream,
    divert: (to) => {
      if (stream.readableLength > 0 || stream.isPaused()) return false
      take = to
      return true
    },
  }
}
