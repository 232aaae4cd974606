import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { contentSecurityPolicy } from '../../electron/desktop/content-security-policy.ts'
import { dropOnWindow, type RunningApp, startApp } from '../support/app.ts'
import { until } from '../support/service.ts'
import { startWeb } from '../support/web.ts'

// Each test names the item of the Electron security checklist that it covers.
let running: RunningApp
const home = 'app://putdesk/index.html'

beforeAll(async () => {
  running = await startApp()
})
afterAll(() => running.dispose())
beforeEach(() => {
  expect(running.page.url()).toBe(home)
})

const inPage = <T>(script: string): Promise<T> => running.page.evaluate(script)

it('E1: loads nothing but its own bundled files', async () => {
  const network = await running.page.context().newCDPSession(running.page)
  const urls: string[] = []
  network.on('Network.requestWillBeSent', ({ request }) => urls.push(request.url))
  await network.send('Network.enable')
  await running.page.reload()
  expect(urls).toContain(home)
  expect(urls.filter((url) => !url.startsWith('app://putdesk/'))).toEqual([])
  await network.detach()
  const outside = await inPage<string>(`fetch('https://example.com/').then(() => 'loaded', () => 'blocked')`)
  expect(outside).toBe('blocked')
})

it('E1: refuses requests to the outside before they are sent, even when they do not come from the page', async () => {
  const web = await startWeb()
  const outcome = await running.app.evaluate(
    ({ session }, url) =>
      session.defaultSession.fetch(url).then(
        () => 'fetched',
        (error: unknown) => String(error),
      ),
    web.url('/x'),
  )
  expect(outcome).toContain('ERR_BLOCKED_BY_CLIENT')
  expect(web.requests).toEqual([])
  await web.stop()
})

it('E2–E4: runs the page without Node, isolated and sandboxed', async () => {
  expect(await inPage(`[typeof require, typeof process, typeof Buffer, typeof module, typeof global].join()`)).toBe(
    'undefined,undefined,undefined,undefined,undefined',
  )
  const preferences = await running.app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents
    if (
      contents === undefined ||
      !('getLastWebPreferences' in contents) ||
      typeof contents.getLastWebPreferences !== 'function'
    )
      return null
    return contents.getLastWebPreferences()
  })
  expect(preferences).toMatchObject({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInSubFrames: false,
    webviewTag: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
  })
})

it('E5: refuses every permission', async () => {
  const answers = await inPage<Record<string, string>>(`(async () => {
    const name = async (act) => { try { return await act() } catch (error) { return 'refused' } }
    const state = (permission) => name(async () => { const { state } = await navigator.permissions.query({ name: permission }); return state === 'granted' ? 'granted' : 'refused' })
    return {
      camera: await name(async () => { await navigator.mediaDevices.getUserMedia({ video: true }); return 'granted' }),
      microphone: await name(async () => { await navigator.mediaDevices.getUserMedia({ audio: true }); return 'granted' }),
      screen: await name(async () => { await navigator.mediaDevices.getDisplayMedia({ video: true }); return 'granted' }),
      location: await name(() => new Promise((resolve) => navigator.geolocation.getCurrentPosition(() => resolve('granted'), () => resolve('refused'), { timeout: 3000 }))),
      notifications: await name(async () => (await Notification.requestPermission()) === 'granted' ? 'granted' : 'refused'),
      clipboard: await name(async () => { await navigator.clipboard.readText(); return 'granted' }),
      midi: await name(async () => { await navigator.requestMIDIAccess({ sysex: true }); return 'granted' }),
      usb: await name(async () => { await navigator.usb.requestDevice({ filters: [] }); return 'granted' }),
      serial: await name(async () => { await navigator.serial.requestPort(); return 'granted' }),
      hid: await name(async () => ((await navigator.hid.requestDevice({ filters: [] })).length > 0 ? 'granted' : 'refused')),
      idle: await name(async () => ((await IdleDetector.requestPermission()) === 'granted' ? 'granted' : 'refused')),
      wakeLock: await name(async () => { await navigator.wakeLock.request('screen'); return 'granted' }),
      geolocationState: await state('geolocation'),
      cameraState: await state('camera'),
    }
  })()`)
  expect(Object.keys(answers)).toHaveLength(14)
  expect(Object.entries(answers).filter(([, answer]) => answer !== 'refused')).toEqual([])
})

it('E6, E8–E10: sets no dangerous web preference anywhere in the source', () => {
  const forbidden =
    /webSecurity|allowRunningInsecureContent|experimentalFeatures|enableBlinkFeatures|ignore-certificate-errors|setCertificateVerifyProc|certificate-error/
  expect(
    sources()
      .filter(([, text]) => forbidden.test(text))
      .map(([path]) => path),
  ).toEqual([])
})

it('E7: sends the content security policy with the page, and enforces it', async () => {
  const header = await inPage<string | null>(
    `fetch(location.href).then((answer) => answer.headers.get('content-security-policy'))`,
  )
  expect(header).toBe(contentSecurityPolicy)
  const reports = await inPage<string[]>(`(async () => {
    const seen = []
    document.addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective))
    const attempt = (act) => { try { act() } catch { /* Trusted Types throw. */ } }
    attempt(() => document.body.append(Object.assign(document.createElement('img'), { src: 'https://example.com/x.png' })))
    attempt(() => { const style = document.createElement('style'); style.append('body{}'); document.head.append(style) })
    attempt(() => { const frame = document.createElement('iframe'); frame.src = 'https://example.com/'; document.body.append(frame); setTimeout(() => frame.remove(), 200) })
    attempt(() => { document.body.innerHTML += '<b>x</b>' })
    attempt(() => eval('1'))
    attempt(() => { const form = document.createElement('form'); form.action = 'https://example.com/'; document.body.append(form); form.submit(); form.remove() })
    attempt(() => { const base = document.createElement('base'); base.href = 'https://example.com/'; document.head.append(base); base.remove() })
    attempt(() => new Worker('data:text/javascript,1'))
    fetch('https://example.com/').catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 400))
    for (const picture of document.querySelectorAll('body > img')) picture.remove()
    return [...new Set(seen)]
  })()`)
  expect(reports.sort()).toEqual(
    [
      'base-uri',
      'connect-src',
      'form-action',
      'frame-src',
      'img-src',
      'require-trusted-types-for',
      'style-src-elem',
    ].sort(),
  )
})

it('E11–E12: creates no webview', async () => {
  const isElement = await inPage<boolean>(
    `(() => { const view = document.createElement('webview'); view.setAttribute('src', 'https://example.com'); document.body.append(view); const is = 'loadURL' in view; view.remove(); return is })()`,
  )
  expect(isElement).toBe(false)
})

const elsewhere = [
  'https://example.com/',
  'http://127.0.0.1:1/',
  'file:///etc/passwd',
  'data:text/html,<b>x</b>',
  'blob:app://putdesk/1',
  'javascript:void(document.title="owned")',
  'chrome://gpu',
  'devtools://devtools/bundled/inspector.html',
  'view-source:https://example.com',
  'ftp://example.com/',
  'app://other/index.html',
  'app://putdesk/other.html',
  'smb://example.com/share',
  'ms-msdt:x',
]

it.each(elsewhere)('E13: does not navigate to %s by location, link, middle click or meta', async (url) => {
  await running.page.evaluate(async (target) => {
    const attempt = (act: () => void) => {
      try {
        act()
      } catch {
        // The browser itself refuses some of them.
      }
    }
    attempt(() => window.location.assign(target))
    attempt(() => {
      const link = document.createElement('a')
      link.href = target
      document.body.append(link)
      link.click()
      link.dispatchEvent(new MouseEvent('click', { button: 1, ctrlKey: true, bubbles: true }))
      link.remove()
    })
    attempt(() => {
      const meta = document.createElement('meta')
      meta.httpEquiv = 'refresh'
      meta.content = `0;url=${target}`
      document.head.append(meta)
      meta.remove()
    })
    await new Promise((resolve) => setTimeout(resolve, 60))
  }, url)
  expect(await running.page.title()).not.toBe('owned')
})

it('E13: returns to the page from about:blank, which the browser lets through', async () => {
  const isBack = running.page.waitForURL(home)
  await running.page.evaluate(`setTimeout(() => location.assign('about:blank'))`)
  await isBack
  await running.page.waitForFunction(`location.href === '${home}' && 'putio' in window`)
})

it('E13: does not navigate to a dropped file', async () => {
  await dropOnWindow(running.page, [{ mimeType: 'text/uri-list', data: 'file:///etc/passwd' }])
  await running.page.keyboard.press('Escape')
})

it('E14: opens no window, however it is requested', async () => {
  const opened = await running.page.evaluate((urls) => urls.map((url) => window.open(url) === null), elsewhere)
  expect(opened.every(Boolean)).toBe(true)
  expect(await running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
})

it('E15: opens external URLs in one function only', () => {
  const callers = sources().filter(([, text]) => text.includes('shell.openExternal'))
  expect(callers.map(([path]) => path)).toEqual(['electron/desktop/security.ts'])
})

it('E17: lets the backend listen to the window only, and refuses what the contract does not define', async () => {
  const answers = await inPage<Record<string, { code: string } | string>>(`(async () => {
    let id = 900000
    const ask = (method, input) => new Promise((resolve) => {
      const mine = id++
      window.putio.onMessage((message) => { if (message.id === mine) resolve(message.error ?? 'answered') })
      window.putio.send({ id: mine, method, input })
      setTimeout(() => resolve('silence'), 60_000)
    })
    return {
      unknown: await ask('vault.read', {}),
      inherited: await ask('constructor', {}),
      wrongInput: await ask('items.open', { accountId: 7 }),
      noObject: await ask('items.open', 'x'),
      oversize: await ask('links.extract', { text: 'x'.repeat(2 * 1024 * 1024), html: null }),
      holes: await ask('links.extract', { text: new Array(3_000_000), html: null }),
      view: await ask('links.extract', { text: new Uint8Array(8_000_000), html: null }),
      map: await ask('links.extract', { text: new Map([[1, 2]]), html: null }),
    }
  })()`)
  expect(answers).toMatchObject({
    unknown: { code: 'bad-input' },
    inherited: { code: 'bad-input' },
    wrongInput: { code: 'bad-input' },
    noObject: { code: 'bad-input' },
    oversize: { code: 'bad-input' },
    holes: { code: 'bad-input' },
    view: { code: 'bad-input' },
    map: { code: 'bad-input' },
  })
  const users = sources().filter(([, text]) => /\bipcMain\b.*from 'electron'/.test(text))
  expect(users.map(([path]) => path)).toEqual(['electron/desktop/window-port.ts'])
})

it('E17: accepts messages only from the window’s own main frame', async () => {
  await inPage(
    `void (window.heard = [], window.putio.onMessage((message) => { if (message.id >= 910000) window.heard.push(message.id) }))`,
  )
  await running.app.evaluate(({ BrowserWindow, ipcMain }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents
    const say = (id: number, sender: unknown, senderFrame: unknown) =>
      ipcMain.emit('putio', { sender, senderFrame }, { id, method: 'notices.dismiss', input: { id: 'none' } })
    say(910001, contents, null)
    say(910002, contents, { url: 'https://evil.example/' })
    say(910003, contents, { url: 'app://putdesk/index.html' })
    say(910004, { isDestroyed: () => true }, contents?.mainFrame)
    say(910000, contents, contents?.mainFrame)
  })
  const heard = await until(
    () => inPage<number[]>('window.heard'),
    (ids) => ids.includes(910000),
  )
  expect(heard).toEqual([910000])
})

it('E20: exposes nothing to a frame inside the page', async () => {
  const kind = await inPage<string>(`(async () => {
    const frame = document.createElement('iframe')
    frame.src = 'about:blank'
    document.body.append(frame)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const given = typeof frame.contentWindow?.putio
    frame.remove()
    return given
  })()`)
  expect(kind).toBe('undefined')
})

it.each([
  'app://putdesk/%2e%2e/main.cjs',
  'app://putdesk/..%2felectron/main.cjs',
  'app://putdesk/assets/..%5c..%5cx.js',
  'app://putdesk/%00',
  'app://putdesk/package.json',
])('E18: serves nothing outside the bundle for %s', async (url) => {
  expect(await inPage(`fetch(${JSON.stringify(url)}).then((answer) => answer.status, () => 'blocked')`)).toBe(404)
})

it('E20: exposes the pipe to the page, and nothing else', async () => {
  expect(await inPage(`Object.keys(window.putio).sort().join()`)).toBe('onMessage,send')
  const extras = await inPage<string[]>(
    `Object.getOwnPropertyNames(window).filter((name) => /^(electron|ipc|node|require|process)/.test(name))`,
  )
  expect(extras).toEqual([])
  expect(await inPage(`typeof window.putio.onMessage(() => undefined)`)).toBe('undefined')
})

it('E2: creates every window in one place', () => {
  const makers = sources().filter(([, text]) => text.includes('new BrowserWindow'))
  expect(makers.map(([path]) => path)).toEqual(['electron/desktop/window.ts'])
})

/** The program's own source, without tests. */
function sources(): [path: string, text: string][] {
  return ['electron', 'renderer', 'shared'].flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path) && !path.includes('.test.'))
      .map((path): [string, string] => [join(room, path), readFileSync(join(room, path), 'utf8')]),
  )
}
