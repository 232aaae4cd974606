import { join } from 'node:path'

/** The files of the data folder that hold the list of files. */
export interface DataFiles {
  folder: string
  path: string
  /** Copies of the database, the newest first. */
  copies: [newest: string, older: string]
  /** The journal since the newest copy, and that of the time between the two copies. */
  journal: string
  olderJournal: string
  seal: string
  /** Tells the copies that were found good by their bytes. */
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
