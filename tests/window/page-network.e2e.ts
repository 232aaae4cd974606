import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningApp, startApp } from '../support/app.ts'
import { type Listeners, startListeners } from '../support/listeners.ts'

// Nothing that runs in the page can send a packet by any means of the browser: not to servers of its choice, not through name
// lookups, not by the browser's own requests. All attempts are aimed at listeners of the test, one of which is Chromium's proxy.

let running: RunningApp
let listeners: Listeners

beforeAll(async () => {
  listeners = await startListeners()
  const proxy = `--proxy-server=127.0.0.1:${listeners.tcpPort}`
  running = await startApp({ args: [proxy, '--proxy-bypass-list=<-loopback>'] })
})
afterAll(async () => {
  await running.dispose()
  await listeners.stop()
})

const inPage = <T>(script: string): Promise<T> => running.page.evaluate(script)

/** Runs in the page: opens a connection of every kind with the constructor of `owner`, and waits until it has gathered candidates. */
const callFrom = (owner: string) => `(async () => {
  const udp = '127.0.0.1:${listeners.udpPort}', tcp = '127.0.0.1:${listeners.tcpPort}'
  const turn = (urls) => ({ urls, username: 'u', credential: 'p' })
  const iceServers = [
    { urls: 'stun:' + udp },
    turn('turn:' + udp + '?transport=udp'),
    turn('turn:' + tcp + '?transport=tcp'),
    turn('turns:' + tcp + '?transport=tcp'),
  ]
  try {
    const owner = ${owner}
    const Peer = owner?.RTCPeerConnection ?? owner?.webkitRTCPeerConnection
    if (Peer === undefined) return 'none'
    const one = new Peer({ iceServers }), two = new Peer({ iceServers })
    one.createDataChannel('x')
    const gathered = [one, two].map((peer) => new Promise((resolve) => {
      peer.addEventListener('icegatheringstatechange', () => peer.iceGatheringState === 'complete' && resolve())
      setTimeout(resolve, 4000)
    }))
    await one.setLocalDescription(await one.createOffer())
    await two.setRemoteDescription(one.localDescription)
    await two.setLocalDescription(await two.createAnswer())
    await one.setRemoteDescription(two.localDescription)
    // A peer that claims to be at our listeners.
    const at = (port, protocol, more) => one.addIceCandidate({ sdpMid: '0', candidate:
      'candidate:1 1 ' + protocol + ' 2113937151 127.0.0.1 ' + port + ' typ host' + more }).catch(() => undefined)
    await at(${listeners.udpPort}, 'udp', '')
    await at(${listeners.tcpPort}, 'tcp', ' tcptype passive')
    await Promise.all(gathered)
    await new Promise((resolve) => setTimeout(resolve, 500))
    one.close(); two.close()
    return 'tried'
  } catch (error) { return String(error) }
})()`

it('sends no packet by WebRTC, from the page or from a frame in it', async () => {
  await inPage(`(async () => {
    for (const [name, attributes] of [['blank', { src: 'about:blank' }], ['empty', {}], ['doc', { srcdoc: 'x' }], ['own', { src: 'app://putdesk/index.html' }]]) {
      const frame = Object.assign(document.createElement('iframe'), { id: name })
      try { Object.assign(frame, attributes) } catch { /* Trusted Types. */ }
      document.body.append(frame)
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  })()`)
  const owners = [
    'window',
    ...['blank', 'empty', 'doc', 'own'].map((id) => `document.querySelector('#${id}')?.contentWindow`),
  ]
  const outcomes = await Promise.all(owners.map((owner) => inPage<string>(callFrom(owner))))
  await listeners.flush()
  await inPage(`for (const frame of document.querySelectorAll('iframe')) frame.remove()`)
  expect({ outcomes, heard: listeners.heard.splice(0) }).toEqual({ outcomes, heard: [] })
})

it('sends no packet in any other way', async () => {
  const tried = await inPage<number>(`(async () => {
    const host = '127.0.0.1:${listeners.tcpPort}', http = 'http://' + host + '/x', https = 'https://' + host + '/x'
    const named = 'http://leak.example:${listeners.tcpPort}/x'
    let tried = 0
    const attempt = async (act) => { tried += 1; try { await act() } catch { /* Refused. */ } }
    const add = (name, fields, parent = document.head) => {
      const element = document.createElement(name)
      for (const [field, value] of Object.entries(fields)) { try { element.setAttribute(field, value) } catch { /* Trusted Types. */ } }
      parent.append(element)
      return element
    }
    for (const url of [http, https, named]) {
      for (const rel of ['preconnect', 'dns-prefetch', 'prefetch', 'prerender', 'modulepreload', 'stylesheet', 'icon', 'manifest', 'next', 'alternate stylesheet', 'apple-touch-icon', 'search', 'pingback', 'compression-dictionary'])
        await attempt(() => add('link', { rel, href: url, crossorigin: 'anonymous' }))
      for (const as of ['script', 'style', 'image', 'font', 'fetch', 'track', 'video', 'audio'])
        await attempt(() => add('link', { rel: 'preload', as, href: url }))
      for (const [name, field] of [['img', 'src'], ['video', 'src'], ['video', 'poster'], ['audio', 'src'], ['iframe', 'src'], ['script', 'src'], ['embed', 'src'], ['object', 'data'], ['input', 'src'], ['source', 'src'], ['track', 'src'], ['frame', 'src'], ['portal', 'src'], ['fencedframe', 'src'], ['body', 'background'], ['img', 'srcset']])
        await attempt(() => add(name, { [field]: url, type: name === 'input' ? 'image' : '' }, document.body).remove())
      await attempt(() => { const link = add('a', { href: '#x', ping: url }, document.body); link.click(); link.remove() })
      await attempt(() => { const link = add('a', { href: url, download: 'x' }, document.body); link.click(); link.remove() })
      await attempt(() => { const link = add('a', { href: url, attributionsrc: url }, document.body); link.click(); link.remove() })
      await attempt(() => { const form = add('form', { action: url, method: 'post' }, document.body); form.submit(); form.remove() })
      await attempt(() => add('meta', { 'http-equiv': 'refresh', content: '0;url=' + url }))
      await attempt(() => add('meta', { 'http-equiv': 'x-dns-prefetch-control', content: 'on' }))
      await attempt(() => { const rules = document.createElement('script'); rules.type = 'speculationrules'; rules.text = JSON.stringify({ prefetch: [{ urls: [url] }], prerender: [{ urls: [url] }] }); document.head.append(rules) })
      await attempt(() => add('style', {}).append('@import url(' + url + '); body { background: url(' + url + ') }'))
      await attempt(() => { document.body.style.backgroundImage = 'url(' + url + ')' })
      await attempt(() => fetch(url))
      await attempt(() => fetch(url, { mode: 'no-cors', keepalive: true, method: 'POST', body: 'x' }))
      await attempt(() => fetchLater(url))
      await attempt(() => navigator.sendBeacon(url, 'x'))
      await attempt(() => { const request = new XMLHttpRequest(); request.open('GET', url); request.send() })
      await attempt(() => new EventSource(url))
      await attempt(() => new WebSocket(url.replace('http', 'ws')))
      await attempt(() => new WebSocketStream(url.replace('http', 'ws')))
      await attempt(() => new WebTransport(url.replace('http:', 'https:').replace('${listeners.tcpPort}', '${listeners.udpPort}')).ready)
      await attempt(() => new Worker(url))
      await attempt(() => new SharedWorker(url))
      await attempt(() => navigator.serviceWorker.register(url))
      await attempt(() => new FontFace('x', 'url(' + url + ')').load())
      await attempt(() => new Audio(url).play())
      await attempt(() => import(url))
      await attempt(() => CSS.paintWorklet.addModule(url))
      await attempt(() => new AudioContext().audioWorklet.addModule(url))
      await attempt(() => window.open(url))
      await attempt(() => location.assign(url))
      await attempt(() => navigator.share({ url }))
      await attempt(() => new PaymentRequest([{ supportedMethods: url }], { total: { label: 'x', amount: { currency: 'EUR', value: '1' } } }).canMakePayment())
      await attempt(() => navigator.credentials.get({ identity: { providers: [{ configURL: url, clientId: 'x' }] } }))
    }
    await new Promise((resolve) => setTimeout(resolve, 1500))
    return tried
  })()`)
  expect(tried).toBeGreaterThan(150)
  await listeners.flush()
  expect(listeners.heard.splice(0)).toEqual([])
})

it('sends nothing by itself', async () => {
  // Since the start, all of Chromium's own requests would have gone to the proxy, which is one of the listeners.
  const answers = await running.app.evaluate(({ session }) =>
    Promise.all([
      session.defaultSession.resolveProxy('https://update.example/'),
      // Not even a name is looked up: that would tell whoever answers.
      ...['localhost', '127.0.0.1', 'update.example'].map((host) =>
        session.defaultSession.resolveHost(host).then(() => 'resolved', String),
      ),
    ]),
  )
  expect(answers[0]).toContain(`${listeners.tcpPort}`)
  expect(answers.slice(1)).toEqual(answers.slice(1).map(() => expect.stringContaining('ERR_NAME_NOT_RESOLVED')))
  await listeners.flush()
  expect(listeners.heard.splice(0)).toEqual([])
})
