import type { Message } from '../../core/account/messages.ts'
import { humanSize } from './human-size.ts'

/** The text of a message as HTML. Source: API v1 §6. */
export function messageTitle(message: Message): string {
  if (message.type === 'notice') return escapeHtml(message.sentence)
  const { itemId, name, sizeBytes } = message
  return `<a rel="userfile" href="/file/${itemId}">${escapeHtml(name)}</a> <span class="dash-gray">(${humanSize(sizeBytes, 2)}) downloaded</span>`
}

function escapeHtml(plain: string): string {
  return plain
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
