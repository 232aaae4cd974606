import type { AnalysisReport, TorrentFile } from '../../../shared/analysis.ts'

/** Formats Put.io's report as JSON. Torrent files, which have no URL, are shown by name. A bandwidth that is not reported is left out. */
export function reportText(report: AnalysisReport, files: readonly TorrentFile[]): string {
  const names = new Map(files.map(({ link, name }) => [link, name]))
  const torrent = report.Urls.torrent.map((link) => names.get(link) ?? link)
  const { 'Current Available Bandwidth': bandwidth, ...others } = report
  const known = bandwidth === null ? others : report
  return JSON.stringify({ ...known, Urls: { ...report.Urls, torrent } }, null, 2)
}
