import type { Item } from '../../core/space/space.ts'
import { type Visit, visit, visited } from '../../core/visit.ts'
import { sendPage, toHtml } from '../html-page.ts'
import { humanSize } from './human-size.ts'
import type { OpenCall } from './method.ts'
import { toTime } from './times.ts'

/** More are not listed on the page; the zip has them all. */
const maxListed = 1000

/** What a public link leads to in a browser: a file to download, or a folder as a list. It needs no script. */
export function sharePage(call: OpenCall): null {
  const { response, cores, path } = call
  // A link that is valid is never refused because of wrong ones.
  const found = visit(cores, path.token ?? '')
  if (found === null) {
    const seconds = Math.ceil(call.noteFailure() / 1000)
    return seconds > 0
      ? problem(call, 429, `Too many wrong links. Try again in ${seconds} seconds.`)
      : problem(call, 404, 'This link is not valid any more. Ask whoever gave it to you for a new one.')
  }
  const id = path.id ?? `${found.top.id}`
  const item = /^\d{1,15}$/.test(id) ? visited(found, Number(id)) : null
  if (item === null) return problem(call, 404, 'This is not in the folder any more.')
  const { core, share } = found
  const until = `<p class="note">From “${toHtml(core.account.userName)}”, until ${toTime(share.expiresAtSeconds).slice(0, 10)}.</p>`
  const content = item.kind === 'folder' ? folder(found, item) : file(found, item)
  sendPage(response, 200, { title: item.name, content: `${content}\n${until}`, style })
  return null
}

const style = `h1 { font-size: 1.4rem; overflow-wrap: anywhere }
ul { list-style: none; padding: 0 }
li { display: flex; gap: 1rem; justify-content: space-between; padding: .25rem 0; border-bottom: 1px solid #8884 }
li a { overflow-wrap: anywhere }
li span, .note { color: color-mix(in srgb, CanvasText 70%, Canvas) }
li span { white-space: nowrap }`

function problem({ response }: OpenCall, status: number, sentence: string): null {
  sendPage(response, status, { title: 'Shared with you', content: `<p role="alert">${sentence}</p>` })
  return null
}

function file(visit: Visit, item: Item): string {
  return `<p>${humanSize(item.sizeBytes)}</p>
<p><a href="${downloadOf(visit, item)}" rel="nofollow">Download</a></p>`
}

function folder(visit: Visit, { id, parentId, sizeBytes }: Item): string {
  const { core, top, share } = visit
  const order = { by: 'name', isDescending: false } as const
  const items = core.space.list(id, { offset: 0, limit: maxListed + 1, kinds: null, order })
  const shown = items.slice(0, maxListed)
  const foldersFirst = [true, false].flatMap((isFolder) => shown.filter(({ kind }) => (kind === 'folder') === isFolder))
  const rows = foldersFirst.map((item) => {
    const href = item.kind === 'folder' ? `/share/${share.token}/${item.id}` : downloadOf(visit, item)
    const name = `${toHtml(item.name)}${item.kind === 'folder' ? '/' : ''}`
    return `<li><a href="${href}" rel="nofollow">${name}</a> <span>${humanSize(item.sizeBytes)}</span></li>`
  })
  const up = id === top.id ? '' : `<p><a href="/share/${share.token}/${parentId ?? top.id}">Back</a></p>`
  const list = rows.length === 0 ? '<p>This folder is empty.</p>' : `<ul>\n${rows.join('\n')}\n</ul>`
  const more =
    items.length > maxListed ? `<p>The first ${maxListed} items are listed. The zip has all of them.</p>` : ''
  const zip = `/stream-basket/${share.userId}/${id}/atk/${share.token}`
  return `${up}${list}
${more}
${rows.length === 0 ? '' : `<p><a href="${zip}" rel="nofollow">Download everything as a zip</a> (${humanSize(sizeBytes)})</p>`}`
}

function downloadOf({ share }: Visit, { id }: Item): string {
  return `/download-file/${share.userId}/${id}/atk/${share.token}`
}
