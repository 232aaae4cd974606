import { expect, it } from 'vitest'
import { isOwnStreamHost } from './stream-host.ts'

it.each([
  ['http://127.0.0.1:8088', 'http://127.0.0.1:8088/stream/1'],
  ['https://files.example', 'https://files.example/s/1'],
  ['http://files.example', 'https://files.example/s/1'],
  ['https://api.put.io', 'https://s01.put.io/stream-file/1'],
  ['http://api.put.io', 'http://s01.put.io/stream-file/1'],
  ['https://put.io', 'https://a.b.put.io/1'],
])('lets the token of %s go to %s', (server, stream) => {
  expect(isOwnStreamHost(new URL(server), new URL(stream))).toBe(true)
})

it.each([
  ['http://127.0.0.1:8088', 'http://127.0.0.1:9999/stream/1'],
  ['http://127.0.0.1:8088', 'http://localhost:8088/stream/1'],
  ['https://files.example', 'http://files.example/s/1'],
  ['https://files.example', 'https://evil.files.example/s/1'],
  ['https://files.example', 'https://s01.put.io/s/1'],
  ['https://api.put.io', 'http://s01.put.io/stream-file/1'],
  ['https://api.put.io', 'https://put.io.evil.example/1'],
  ['https://api.put.io', 'https://evilput.io/1'],
  ['https://evilput.io', 'https://s01.put.io/1'],
  ['https://api.put.io', 'https://put.io@evil.example/1'],
])('asks before the token of %s goes to %s', (server, stream) => {
  expect(isOwnStreamHost(new URL(server), new URL(stream))).toBe(false)
})
