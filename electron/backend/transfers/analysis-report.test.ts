import { expect, it } from 'vitest'
import { toReport } from './analysis-report.ts'

const row = {
  name: '',
  host: '',
  sizeBytes: 1,
  bandwidthBytes: 0,
  problem: null,
  needsPassword: false,
  seeds: null,
  entryCount: null,
  unpackedBytes: null,
  note: null,
}

it("matches Put.io's own sample to the letter", () => {
  const report = toReport({
    diskFreeBytes: 180546571528,
    diskTotalBytes: 206115891200,
    bandwidthLeftBytes: 139889066230,
    rows: [
      { ...row, kind: 'file', links: ['ftp://ftp1.mplayerhq.hu/MPlayer/samples/MPEG-4/mp3on4/id5_1.mp4'] },
      { ...row, kind: 'rapid', links: ['http://rapidshare.com/files/121211/jazz.rar'] },
      {
        ...row,
        kind: 'multipart',
        name: 'ABCDE',
        links: [
          'http://rapidshare.com/files/121212/abcde.part1.rar',
          'http://rapidshare.com/files/121213/abcde.part2.rar',
        ],
      },
      { ...row, kind: 'torrent', links: ['http://legaltorrents.com/1a1112'] },
      { ...row, kind: 'torrent', links: ['http://legaltorrents.com/1a1100'] },
      { ...row, kind: 'problem', links: ['http://x/y'], problem: 'no' },
    ],
  })
  expect(report).toEqual({
    'Current Available Bandwidth': 139889066230,
    'Current Available Disk Space': 180546571528,
    'Your Total Disk Space': 191.96,
    Urls: {
      url: ['ftp://ftp1.mplayerhq.hu/MPlayer/samples/MPEG-4/mp3on4/id5_1.mp4'],
      rapid: ['http://rapidshare.com/files/121211/jazz.rar'],
      multipart: {
        ABCDE: [
          'http://rapidshare.com/files/121212/abcde.part1.rar',
          'http://rapidshare.com/files/121213/abcde.part2.rar',
        ],
      },
      torrent: ['http://legaltorrents.com/1a1112', 'http://legaltorrents.com/1a1100'],
    },
  })
})
