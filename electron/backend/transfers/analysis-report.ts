import type { Analysis, AnalysisReport } from '../../../shared/analysis.ts'

/** Converts an analysis into Put.io's report, without links that cannot be fetched. Source: API v1 §8.3. */
export function toReport(analysis: Omit<Analysis, 'report'>): AnalysisReport {
  const linksOf = (kind: 'file' | 'rapid' | 'torrent') =>
    analysis.rows.filter((row) => row.kind === kind).flatMap((row) => row.links)
  const { diskTotalBytes: total } = analysis
  return {
    'Current Available Bandwidth': analysis.bandwidthLeftBytes,
    'Current Available Disk Space': analysis.diskFreeBytes,
    'Your Total Disk Space': total === null ? null : Math.trunc((total / 2 ** 30) * 100 + 0.5) / 100,
    Urls: {
      url: linksOf('file'),
      rapid: linksOf('rapid'),
      multipart: Object.fromEntries(
        analysis.rows.filter((row) => row.kind === 'multipart').map((row) => [row.name, row.links]),
      ),
      torrent: linksOf('torrent'),
    },
  }
}
