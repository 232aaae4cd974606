import { app } from 'electron'

/** Links from outside. What comes before there is anybody to take it waits. */
export interface OpenRequests {
  deliverTo(offer: (text: string) => void, show: () => void): void
}

/**
 * Links that other programs hand to Putdesk: as arguments of a start or a second start, or by the system's `open-url`. They
 * only ever reach the analyzer. Of a command line, only magnet links are read: everything else there is not for us.
 */
export function collectOpenRequests(): OpenRequests {
  const waiting: string[] = []
  let offer = (text: string): void => {
    waiting.push(text)
  }
  let show: () => void = () => undefined
  const take = (candidates: readonly string[]) => {
    const links = candidates.filter(isMagnet)
    if (links.length > 0) offer(links.join('\n'))
  }
  take(process.argv.slice(1))
  app.on('second-instance', (_event, argv) => {
    show()
    take(argv.slice(1))
  })
  app.on('open-url', (event, url) => {
    event.preventDefault()
    show()
    take([url])
  })
  return {
    deliverTo: (taker, shower) => {
      offer = taker
      show = shower
      for (const text of waiting.splice(0)) taker(text)
    },
  }
}

function isMagnet(text: string): boolean {
  return /^magnet:\?[^\s\p{Cc}]{1,8000}$/iu.test(text)
}
