import { app } from 'electron'

/**
 * Links that other programs hand to Putdesk: as arguments of a start or a second start, or by the system's `open-url`. They
 * only ever reach the analyzer. Of a command line, only magnet links are read: everything else there is not for us.
 */
export function listenToOpenRequests(offer: (text: string) => void, show: () => void): void {
  const offerFrom = (argv: readonly string[]) => {
    const links = argv.filter(isMagnet)
    if (links.length > 0) offer(links.join('\n'))
  }
  offerFrom(process.argv.slice(1))
  app.on('second-instance', (_event, argv) => {
    show()
    offerFrom(argv.slice(1))
  })
  app.on('open-url', (event, url) => {
    event.preventDefault()
    show()
    if (isMagnet(url)) offer(url)
  })
}

function isMagnet(text: string): boolean {
  return /^magnet:\?[^\s\p{Cc}]{1,8000}$/iu.test(text)
}
