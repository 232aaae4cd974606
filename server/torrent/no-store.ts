import type { ChunkStore } from 'webtorrent'

/** Stands where webtorrent wants a store while it is not known what a torrent holds. */
export class NoStore implements ChunkStore {
  chunkLength = 1
  get: ChunkStore['get'] = (_index, _range, done) => done(new Error('nothing is there'))
  put: ChunkStore['put'] = (_index, _bytes, done) => done(new Error('nothing is there'))
  close: ChunkStore['close'] = (done) => done(null)
  destroy: ChunkStore['destroy'] = (done) => done(null)
}
