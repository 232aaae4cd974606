import { app } from 'electron'
import type { Offered } from '../backend/backend.ts'
import { readArguments } from './read-arguments.ts'

/** Links and torrent files from other programs. Requests are queued until `deliverTo` is called. */
export interface OpenRequests {
  deliverTo(offer: (offered: Offered) => void, show: () => void): void
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
  const take = (candidates: readonly string[], folder: string) => {
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
    deliverTo: (onOffer, onShow) => {
      offer = onOffer
      show = onShow
      for (const offered of queued.splice(0)) onOffer(offered)
    },
  }
}
