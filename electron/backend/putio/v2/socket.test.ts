import { expect, it } from 'vitest'
import { announcementIn } from './socket.ts'

it.each([
  // Without its status, it is not known what has become of it.
  ['{"type":"transfer_update","value":{"id":1}}', { what: 'transfers' }],
  ['{"type":"transfer_delete","value":{"id":1}}', { what: 'transfer', transfer: { id: 1, row: null, tick: null } }],
  ['{"type":"transfers_clean"}', { what: 'transfers' }],
  ['{"type":"file_create","value":{"id":9,"parent_id":4}}', { what: 'items', folderIds: [4, 9] }],
  ['{"type":"file_move","value":{"id":9,"parent_id":4,"old_parent_id":2}}', { what: 'items', folderIds: [4, 2, 9] }],
  ['{"type":"file_delete","value":{"id":9}}', { what: 'items', folderIds: [9] }],
  ['{"type":"user_update","value":{"disk":{}}}', { what: 'account' }],
])('reads %s', (message, announcement) => {
  expect(announcementIn(message)).toEqual(announcement)
})

it.each([
  ['text', 'h'],
  ['half of a message', '{"type":"file_cre'],
  ['null', 'null'],
  ['a list', '[]'],
  ['a type that is no text', '{"type":7}'],
  ['a count', '{"type":"transfers_count","value":3}'],
  ['an unknown type', '{"type":"friend_request_count","value":3}'],
])('ignores %s', (_what, message) => {
  expect(announcementIn(message)).toBe(null)
})

it.each([
  ['no value', '{"type":"file_update"}'],
  ['ids that are none', '{"type":"file_update","value":{"id":"9","parent_id":-1}}'],
])('names no folder in an announcement with %s', (_what, message) => {
  expect(announcementIn(message)).toEqual({ what: 'items', folderIds: [] })
})
