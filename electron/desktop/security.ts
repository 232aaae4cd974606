import { app, type Session, shell, type WebContents } from 'electron'
import { toExternalUrl } from './external-url.ts'
import { pageOrigin } from './page-path.ts'

/** Without a proxy this leaves no UDP at all. */
const webRtcPolicy = 'disable_non_proxied_udp'

/** No page gets any permission: not the camera, not the clipboard's content, not a notification, no device, no screen. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.setDisplayMediaRequestHandler((_request, answer) => answer({}))
  session.setUSBProtectedClassesHandler(() => [])
  session.setBluetoothPairingHandler((_details, answer) => answer({ confirmed: false }))
}

/**
 * Leaves Chromium without a network: no name and no address can be connected to, whoever asks, and WebRTC has no packets. Everything
 * that the app itself asks for goes over Node. Must run before the app is ready.
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

/** Pages load only what is ours: everything that leads outside is refused before it leaves, `file:` included. */
export function lockRequests(session: Session): void {
  const outside = ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*', 'ftp://*/*', 'file:///*']
  session.webRequest.onBeforeRequest({ urls: outside }, (_details, answer) => answer({ cancel: true }))
}

/** Holds every page, whoever made it, to the page it shows: no navigation, no windows, no webviews. */
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

/** The one way to the system's browser: https, a host of ours, no user name, written anew from its parts. */
function openExternal(url: string): void {
  const safe = toExternalUrl(url)
  if (safe !== null) void shell.openExternal(safe)
}

/** True when a message comes from the main frame of a window that shows our page. */
export function isOurFrame(contents: WebContents, frame: Electron.WebFrameMain | null): boolean {
  return (
    !contents.isDestroyed() && frame !== null && frame === contents.mainFrame && frame.url.startsWith(`${pageOrigin}/`)
  )
}
