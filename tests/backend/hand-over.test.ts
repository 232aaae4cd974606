import { expect, it } from 'vitest'
import { extractLinks } from '../../electron/backend/transfers/links.ts'
import { openLinks } from '../../renderer/store/open-links.ts'
import { createAppStore } from '../../renderer/store/store.ts'
import { methods } from '../../shared/contract.ts'
import { connect, type Port } from '../../shared/rpc.ts'

const largestMessage = 1024 * 1024

/** A store whose backend finds links as the real one does, and drops messages that are too large for the window's pipe. */
function openStore() {
  const listeners: ((message: unknown) => void)[] = []
  const lengths: number[] = []
  const port: Port = {
    send: (message) => {
      const { length } = JSON.stringify(message)
      lengths.push(length)
      if (length > largestMessage || !('method' in message) || message.method !== 'links.extract') return
      const { text, html } = methods['links.extract'].input.parse(message.input)
      void extractLinks(text, html).then((output) => {
        for (const listener of listeners) listener({ id: message.id, output })
      })
    },
    onMessage: (listener) => listeners.push(listener),
  }
  const store = createAppStore(connect(port))
  store.setState({ place: { accountId: 'a', folderId: 0, query: null } })
  const links = () => {
    const { dialog } = store.getState()
    return dialog?.kind === 'add-links' ? dialog.text.split('\n') : []
  }
  const toasts = () => store.getState().toasts.map(({ sentence }) => sentence)
  return { store, links, toasts, lengths }
}

const urls = (count: number, path = '') => Array.from({ length: count }, (_, at) => `http://h.example/${path}${at}`)

it('finds every link in 3.5 MB of text and HTML, in messages that fit through the pipe', async () => {
  const { store, links, toasts, lengths } = openStore()
  const inText = urls(30_000, 'text/')
  const inHtml = urls(20_000, 'html/')
  const text = inText.map((link) => `"${link}"\u0001\ud800\t\n`.padEnd(70, '"')).join('')
  const html = inHtml.map((link) => `<p class="x"><a href="${link}">"\u0001"</a></p>`).join('')
  await openLinks(store, { text, html, files: [] }, 'nothing')
  expect(links()).toEqual([...inHtml, ...inText])
  expect(toasts()).toEqual([])
  expect(Math.max(...lengths)).toBeLessThanOrEqual(largestMessage)
})

it('says that a text is too long, and reads the text alone when its HTML is', async () => {
  const long = openStore()
  await openLinks(long.store, { text: 'a '.repeat(3_000_000), html: null, files: [] }, 'nothing')
  expect(long.toasts()).toEqual(['This text is too long to search for links: at most 4 MB. Add it in parts.'])
  const both = openStore()
  const html = '<a href="http://h.example/a">a</a>'
  await openLinks(
    both.store,
    { text: 'http://h.example/a', html: `${html}${' '.repeat(5_000_000)}`, files: [] },
    'nothing',
  )
  expect([both.links(), both.toasts()]).toEqual([['http://h.example/a'], []])
})

it('reads link files of any kind, and names those that cannot be read', async () => {
  const { store, links, toasts } = openStore()
  const gone = new File([], 'gone.txt')
  gone.arrayBuffer = () => Promise.reject(new DOMException('gone', 'NotFoundError'))
  const files = [
    new File(['URL=http://h.example/a\nIconFile=http://h.example/no'], 'a.url'),
    new File([Buffer.from('\ufeffhttp://h.example/b', 'utf16le')], 'b.txt'),
    new File(['<a href="http://h.example/c">http://h.example/d</a>'], 'c.html'),
    new File(['http://h.example/no'], 'film.mkv'),
    new File(['x'.repeat(4_000_001)], 'long.txt'),
    gone,
  ]
  await openLinks(store, { text: 'http://h.example/e', html: null, files }, 'nothing')
  expect(links()).toEqual(['c', 'd', 'a', 'b', 'e'].map((path) => `http://h.example/${path}`))
  expect(toasts()).toEqual(['“long.txt” is too large to search for links: at most 4 MB. “gone.txt” could not be read.'])
})

it('says so when there is no link', async () => {
  const { store, toasts } = openStore()
  await openLinks(store, { text: 'no link', html: '<p>none', files: [] }, 'nothing')
  expect(toasts()).toEqual(['nothing'])
})
