import type { Status } from '../../core/transfers/transfer.ts'

/** API v1's name of each status. Source: API v1 §7.3. */
export const statusWords: Record<Status, string> = {
  waiting: 'Waiting',
  'in-queue': 'In queue',
  'looking-for-peers': 'Looking for peers',
  downloading: 'Downloading',
  'downloading-and-seeding': 'Downloading and seeding',
  seeding: 'Seeding',
  'in-complete-queue': 'In complete queue',
  'in-extraction-queue': 'In extraction queue',
  extracting: 'Extracting',
  completing: 'Completing',
  // Never shown: a completed transfer leaves the list.
  completed: 'Completed',
  error: 'Error',
}
