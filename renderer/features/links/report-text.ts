import type { AnalysisReport, TorrentFile } from '../../../shared/analysis.ts'

/** Formats Put.io's report as JSON. Torrent files, which have no URL, are shown by name. */
export function reportText(report: AnalysisReport, files: readonly TorrentFile[]): string {
  const names = new Map(files.map(({ link, name }) => [link, name]))
  const torrent = report.Urls.torrent.map((link) => names.get(link) ?? link)
  return JSON.stringify({ ...report, Urls: { ...report.Urls, torrent } }, null, 2)
}
