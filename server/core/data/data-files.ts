import { join } from 'node:path'

/** The paths of the database and the files that protect it. */
export interface DataFiles {
  folder: string
  path: string
  /** Copies of the database, newest first. */
  copies: [newest: string, older: string]
  /** The journal since the newest copy, and the one from between the two copies. */
  journal: string
  olderJournal: string
  seal: string
  /** The checksums of copies that were checked and found good. */
  goodCopies: string
}

export function dataFiles(folder: string): DataFiles {
  const at = (name: string) => join(folder, name)
  return {
    folder,
    path: at('putdesk.db'),
    copies: [at('putdesk.backup.db'), at('putdesk.backup-1.db')],
    journal: at('putdesk.journal'),
    olderJournal: at('putdesk.journal-1'),
    seal: at('putdesk.seal'),
    goodCopies: at('putdesk.copies'),
  }
}
