/** The maximum size of a torrent file: as base64, it has to fit into one message on the pipe. */
export const largestTorrentFileBytes = 700_000
