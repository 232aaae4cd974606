import { expect, it } from 'vitest'
import { reportText } from './report-text.ts'

it('formats the report as JSON, with torrent files by their names', () => {
  const report = {
    'Current Available Bandwidth': 139889066230,
    'Current Available Disk Space': 180546571528,
    'Your Total Disk Space': 191.96,
    Urls: {
      url: ['ftp://ftp1.mplayerhq.hu/MPlayer/samples/MPEG-4/mp3on4/id5_1.mp4'],
      rapid: [],
      multipart: { ABCDE: ['http://rapidshare.com/files/121212/abcde.part1.rar'] },
      torrent: ['http://legaltorrents.com/1a1112', 'torrent-file:1'],
    },
  }
  expect(JSON.parse(reportText(report, [{ link: 'torrent-file:1', name: 'album.torrent' }]))).toEqual({
    ...report,
    Urls: { ...report.Urls, torrent: ['http://legaltorrents.com/1a1112', 'album.torrent'] },
  })
})

it('has no bandwidth where the service reports none', () => {
  const urls = { url: [], rapid: [], multipart: {}, torrent: [] }
  const report = {
    'Current Available Bandwidth': null,
    'Current Available Disk Space': 5,
    'Your Total Disk Space': 1,
    Urls: urls,
  }
  expect(JSON.parse(reportText(report, []))).toEqual({
    'Current Available Disk Space': 5,
    'Your Total Disk Space': 1,
    Urls: urls,
  })
})
