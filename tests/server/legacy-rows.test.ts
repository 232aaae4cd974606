import { describe, expect, it } from 'vitest'
import { messageTitle } from '../../server/api/v1/message-titles.ts'
import { currentRow } from '../../server/core/data/legacy-rows.ts'

const row = { id: 1, user_id: 1, item_id: 7, transfer_id: 3, created_at: 5 }
const title = (name: string, size: string) =>
  `<a rel="userfile" href="/file/7">${name}</a> <span class="dash-gray">(${size}) downloaded</span>`

describe('a message as HTML', () => {
  it.each([
    ['0B', 0],
    ['1023B', 1023],
    ['1.00K', 1024],
    ['89.86K', 92_017],
    ['1024.00K', 1_048_575],
    ['4.00M', 4_194_304],
    ['45.50M', 47_710_208],
    ['1.95G', 2_093_796_557],
    ['2500.00T', 2500 * 2 ** 40],
  ])('about an item of %s is split into its parts, which give the same HTML again', (size, item_size) => {
    const old = { ...row, title: title('a &amp; b.mkv', size), file_name: 'a & b.mkv', kind: 3 }
    const next = { ...row, type: 'file-arrived', item_name: 'a & b.mkv', item_kind: 'movie', item_size }
    expect(currentRow('messages', old)).toEqual(next)
    const message = { type: 'file-arrived', id: 1, transferId: 3, itemId: 7, kind: 'movie' } as const
    expect(messageTitle({ ...message, name: 'a & b.mkv', sizeBytes: item_size })).toBe(old.title)
    expect(currentRow('messages', next)).toBe(next)
  })

  it('about anything else becomes plain text', () => {
    const old = {
      ...row,
      title: '“&lt;b&gt;” &amp; &quot;c&quot; isn&#39;t &amp;lt; here.',
      file_name: null,
      kind: null,
    }
    const sentence = `“<b>” & "c" isn't &lt; here.`
    expect(currentRow('messages', old)).toEqual({ ...row, type: 'notice', sentence })
    expect(messageTitle({ type: 'notice', id: 1, transferId: 3, itemId: 7, sentence })).toBe(old.title)
  })

  it('that is malformed is kept as text', () => {
    expect(currentRow('messages', { ...row, title: 'a film', file_name: 'a.mkv', kind: 3 })).toEqual({
      ...row,
      type: 'notice',
      sentence: 'a film',
    })
  })
})

it.each([
  ['items', { kind: 5, content: 'x' }, { kind: 'archive', content: 'x' }],
  ['items', { kind: 0, content: null }, { kind: 'folder', content: null }],
  ['items', { kind: 77, content: null }, { kind: 'folder', content: null }],
  ['items', { kind: 77, content: 'x' }, { kind: 'file', content: 'x' }],
  ['items', { kind: 'movie', content: 'x' }, { kind: 'movie', content: 'x' }],
  ['transfers', { status: 'In complete queue' }, { status: 'in-complete-queue' }],
  ['transfers', { status: 'Of tomorrow' }, { status: 'Of tomorrow' }],
  ['transfers', { status: 'constructor' }, { status: 'constructor' }],
  ['users', { kind: 1, status: 'Error', title: 'x' }, { kind: 1, status: 'Error', title: 'x' }],
])('converts a row of %s from %o to %o', (table, old, next) => {
  expect(currentRow(table, old)).toEqual(next)
})
