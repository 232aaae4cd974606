/** What a torrent file may have at most: as text, it has to fit into one message of the pipe. */
export const largestTorrentFileBytes = 700_000
