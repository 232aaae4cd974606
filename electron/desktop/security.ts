import { app, type Session, shell, type WebContents } from 'electron'
import { toExternalUrl, toPageUrl } from './external-url.ts'
import { pageOrigin } from './page-path.ts'

/** Without a proxy, this disables UDP entirely. */
const webRtcPolicy = 'disable_non_proxied_udp'

/** Denies every permission to every page: camera, clipboard, notifications, devices, screen capture. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.setDisplayMediaRequestHandler((_request, answer) => answer({}))
  session.setUSBProtectedClassesHandler(() => [])
  session.setBluetoothPairingHandler((_details, answer) => answer({ confirmed: false }))
}

/**
 * Cuts Chromium off the network: it cannot connect to any name or address, and WebRTC cannot send packets. The app's own requests
 * go through Node. Must run before the app is ready.
 */
export function closeNetwork(): void {
  const { commandLine } = app
  commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND')
  commandLine.appendSwitch('force-webrtc-ip-handling-policy', webRtcPolicy)
  for (const name of [
    'disable-background-networking',
    'disable-component-update',
    'disable-domain-reliability',
    'no-pings',
  ])
    commandLine.appendSwitch(name)
}

/** Cancels every request for anything but our own pages, `file:` included. */
export function lockRequests(session: Session): void {
  const outside = ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*', 'ftp://*/*', 'file:///*']
  session.webRequest.onBeforeRequest({ urls: outside }, (_details, answer) => answer({ cancel: true }))
}

/** Blocks navigation, new windows and webviews in every page. */
export function lockNavigation(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.setWebRTCIPHandlingPolicy(webRtcPolicy)
    contents.on('will-navigate', (event) => event.preventDefault())
    contents.on('will-frame-navigate', (event) => event.preventDefault())
    contents.on('will-redirect', (event) => event.preventDefault())
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(({ url }) => {
      openExternal(url)
      return { action: 'deny' }
    })
  })
}

/** Opens a link in the system's browser if `toExternalUrl` allows it. */
function openExternal(url: string): void {
  const safe = toExternalUrl(url)
  if (safe !== null) void openInBrowser(safe)
}

/** Opens a page that the backend, never the window, has chosen, in the system's browser. */
export async function openPage(url: string): Promise<void> {
  const safe = toPageUrl(url)
  if (safe === null) throw new Error('not a page')
  await openInBrowser(safe)
}

function openInBrowser(url: string): Promise<void> {
  return shell.openExternal(url)
}

/** True when a message comes from the main frame of a window that shows our page. */
export function isOurFrame(contents: WebContents, frame: Electron.WebFrameMain | null): boolean {
  return (
    !contents.isDestroyed() && frame !== null && frame === contents.mainFrame && frame.url.startsWith(`${pageOrigin}/`)
  )
}
