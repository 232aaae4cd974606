import type { AnalysisReport, TorrentFile } from '../../../shared/analysis.ts'

/** Put.io's report as text that other programs read too: JSON. A torrent file, which has no address, goes by its name. */
export function reportText(report: AnalysisReport, files: readonly TorrentFile[]): string {
  const names = new Map(files.map(({ link, name }) => [link, name]))
  const torrent = report.Urls.torrent.map((link) => names.get(link) ?? link)
  return JSON.stringify({ ...report, Urls: { ...report.Urls, torrent } }, null, 2)
}
