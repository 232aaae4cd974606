import { app } from 'electron'
import type { Offered } from '../backend/backend.ts'
import { readArguments } from './read-arguments.ts'

/** Links and torrent files from outside. Requests wait until somebody takes them. */
export interface OpenRequests {
  deliverTo(offer: (offered: Offered) => void, show: () => void): void
}

/**
 * What other programs pass to Putdesk: as arguments of a first or second start, or by the system's `open-url` and `open-file`. It
 * only ever reaches the analyzer.
 */
export function collectOpenRequests(): OpenRequests {
  const waiting: Offered[] = []
  let offer = (offered: Offered): void => {
    waiting.push(offered)
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
    deliverTo: (taker, shower) => {
      offer = taker
      show = shower
      for (const offered of waiting.splice(0)) taker(offered)
    },
  }
}
