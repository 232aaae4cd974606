import type { ChunkStore } from 'webtorrent'

/** A placeholder for webtorrent's store while the content of a torrent is unknown. */
export class NoStore implements ChunkStore {
  chunkLength = 1
  get: ChunkStore['get'] = (_index, _range, done) => done(new Error('nothing is there'))
  put: ChunkStore['put'] = (_index, _bytes, done) => done(new Error('nothing is there'))
  close: ChunkStore['close'] = (done) => done(null)
  destroy: ChunkStore['destroy'] = (done) => done(null)
}
