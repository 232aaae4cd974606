import { app } from 'electron'
import type { Offered } from '../backend/backend.ts'
import { readArguments, readSignIn } from './read-arguments.ts'

/** Links and torrent files from other programs, and the ends of sign-ins in a browser. */
export interface OpenRequests {
  /** Links and files are queued until this is called. */
  deliverTo(takers: Takers): void
}

/** What takes them. */
interface Takers {
  offer(offered: Offered): void
  /** Takes the link that ends a sign-in. Nobody can wait for one that comes before the app runs. */
  endSignIn(link: string): void
  show(): void
}

/**
 * Collects what other programs pass to Putdesk: arguments of a first or second start, and Electron's `open-url` and `open-file`
 * events. It is only ever analyzed, never fetched unasked.
 */
export function collectOpenRequests(): OpenRequests {
  const queued: Offered[] = []
  let offer = (offered: Offered): void => {
    queued.push(offered)
  }
  let show: () => void = () => undefined
  let endSignIn: (link: string) => void = () => undefined
  const take = (candidates: readonly string[], folder: string) => {
    const signIn = readSignIn(candidates)
    if (signIn !== null) endSignIn(signIn)
    const offered = readArguments(candidates, folder)
    if (offered.text !== '' || offered.paths.length > 0) offer(offered)
  }
  take(process.argv.slice(1), process.cwd())
  app.on('second-instance', (_event, argv, folder) => {
    show()
    take(argv.slice(1), folder)
  })
  app.on('open-url', (event, url) => {
    event.preventDefault()
    show()
    take([url], process.cwd())
  })
  app.on('open-file', (event, path) => {
    event.preventDefault()
    show()
    take([path], process.cwd())
  })
  return {
    deliverTo: (takers) => {
      ;({ offer, show, endSignIn } = takers)
      for (const offered of queued.splice(0)) offer(offered)
    },
  }
}
