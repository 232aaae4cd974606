import { CloudDownload, HardDrive, KeyRound, type LucideIcon } from 'lucide-react'

/** The ways to an account: one of Put.io, this computer, a server with key and secret. */
export type Door = 'putio' | 'here' | 'server'

/** In the order in which they are offered. */
export const doors: readonly { door: Door; icon: LucideIcon }[] = [
  { door: 'putio', icon: CloudDownload },
  { door: 'here', icon: HardDrive },
  { door: 'server', icon: KeyRound },
]
