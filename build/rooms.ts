import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseSync } from 'vite'
import { root, say } from './paths.ts'

/**
 * The rooms and what each may import besides itself. A file belongs to the room with the longest name that its path starts with.
 * `engine/` means all rooms in `engine`.
 */
export const rooms: Record<string, readonly string[]> = {
  shared: [],

  'engine/text': [],
  engine: ['engine/text'],
  'engine/disk': ['engine', 'engine/text'],
  'engine/part': ['engine', 'engine/disk'],
  'engine/net': ['engine'],
  'engine/http': ['engine', 'engine/net', 'engine/text'],
  'engine/ftp': ['engine', 'engine/net', 'engine/text'],
  'engine/fetch': ['engine', 'engine/disk', 'engine/ftp', 'engine/http', 'engine/net', 'engine/part', 'engine/text'],
  'engine/zip': [],
  'engine/save': ['engine/'],

  'server/log': [],
  'server/archive': ['engine/'],
  'server/torrent': ['engine/'],
  'server/core/errors': ['engine', 'engine/net', 'server/archive', 'server/torrent'],
  'server/core/data': ['engine', 'engine/disk'],
  'server/core/space': ['engine', 'engine/disk', 'engine/text', 'server/core/data', 'server/core/errors'],
  'server/core/account': ['engine/text', 'server/core/data', 'server/core/errors', 'server/core/space'],
  'server/core/transfers': [
    'engine/',
    'server/archive',
    'server/core/account',
    'server/core/data',
    'server/core/errors',
    'server/core/space',
    'server/torrent',
  ],
  'server/core/uploads': [
    'engine/disk',
    'engine/text',
    'server/core/account',
    'server/core/data',
    'server/core/errors',
    'server/core/space',
  ],
  'server/core': ['engine', 'engine/net', 'engine/part', 'server/core/', 'server/torrent'],
  // The core does not depend on the API.
  'server/api': ['engine/', 'server/core/', 'server/log'],
  server: ['engine/', 'server/'],

  'electron/backend/files': ['engine/disk'],
  'electron/backend/secrets': ['electron/backend/files', 'shared'],
  // A process of its own, which knows nothing of accounts.
  'electron/saver': ['engine/'],
  'electron/backend/host': ['electron/backend/secrets', 'electron/saver', 'shared'],
  'electron/backend/activity': ['electron/backend/host', 'shared'],
  'electron/backend/history': ['electron/backend/files', 'electron/backend/secrets', 'shared'],
  'electron/backend/putio': [
    'electron/backend/files',
    'electron/backend/host',
    'electron/backend/secrets',
    'engine/http',
    'shared',
  ],
  'electron/backend/putio/v1': [
    'electron/backend/putio',
    'electron/backend/secrets',
    'engine',
    'engine/http',
    'engine/text',
    'shared',
  ],
  'electron/backend/putio/v2': [
    'electron/backend/putio',
    'electron/backend/secrets',
    'engine/http',
    'engine/text',
    'shared',
  ],
  // The only place that knows which version of the API an account speaks.
  'electron/backend/putio/create-client.ts': [
    'electron/backend/putio',
    'electron/backend/putio/v1',
    'electron/backend/putio/v2',
    'electron/backend/secrets',
    'shared',
  ],
  'electron/backend/service': ['electron/backend/host', 'electron/backend/putio', 'electron/backend/secrets', 'shared'],
  'electron/backend/accounts': [
    'electron/backend/files',
    'electron/backend/history',
    'electron/backend/host',
    'electron/backend/putio',
    'electron/backend/putio/create-client.ts',
    'electron/backend/secrets',
    'electron/backend/service',
    'engine/text',
    'shared',
  ],
  'electron/backend/settings': ['electron/backend/accounts', 'electron/backend/files', 'shared'],
  'electron/backend/items': [
    'electron/backend/accounts',
    'electron/backend/host',
    'electron/backend/putio',
    'electron/backend/secrets',
    'shared',
  ],
  'electron/backend/transfers': [
    'electron/backend/accounts',
    'electron/backend/history',
    'electron/backend/host',
    'electron/backend/putio',
    'electron/backend/secrets',
    'engine/text',
    'shared',
  ],
  'electron/backend/saving': [
    'electron/backend/accounts',
    'electron/backend/files',
    'electron/backend/host',
    'electron/backend/putio',
    'electron/saver',
    'engine',
    'engine/disk',
    'engine/text',
    'engine/zip',
    'shared',
  ],
  'electron/backend/sending': [
    'electron/backend/accounts',
    'electron/backend/files',
    'electron/backend/host',
    'electron/backend/putio',
    'electron/backend/saving',
    'shared',
  ],
  'electron/backend/playing': [
    'electron/backend/accounts',
    'electron/backend/files',
    'electron/backend/host',
    'electron/backend/putio',
    'engine',
    'engine/http',
    'shared',
  ],
  'electron/backend/opening': [
    'electron/backend/accounts',
    'electron/backend/files',
    'electron/backend/host',
    'electron/backend/saving',
    'engine/disk',
    'engine/text',
    'shared',
  ],
  'electron/backend/feeds': ['electron/backend/accounts', 'electron/backend/putio', 'shared'],
  'electron/backend/thumbnails': ['engine/disk', 'shared'],
  'electron/backend/contents': ['electron/backend/accounts', 'electron/backend/playing', 'shared'],
  'electron/backend': ['electron/backend/', 'shared'],
  'electron/desktop': ['electron/backend/', 'shared'],
  electron: ['electron/', 'shared'],

  'renderer/words': ['shared'],
  'renderer/contents': [],
  'renderer/parts': ['renderer/words'],
  'renderer/store': ['renderer/words', 'shared'],
  'renderer/folders': ['renderer/parts', 'renderer/store', 'renderer/words'],
  ...Object.fromEntries(
    [
      'browser',
      'feeds',
      'links',
      'look',
      'notices',
      'saving',
      'settings',
      'sharing',
      'sidebar',
      'sign-in',
      'toasts',
      'transfers',
      'trash',
    ].map((feature) => [
      `renderer/features/${feature}`,
      ['renderer/contents', 'renderer/folders', 'renderer/parts', 'renderer/store', 'renderer/words', 'shared'],
    ]),
  ),
  'renderer/app': ['renderer/features/', 'renderer/parts', 'renderer/store', 'renderer/words', 'shared'],
  renderer: ['renderer/app', 'renderer/store', 'shared'],

  build: ['renderer/words'],
  'vite.config.ts': ['renderer/words'],
  'vitest.config.ts': [],
}

/** An import that its room does not allow. */
export interface Violation {
  file: string
  imports: string
  why: string
}

/** True when a name in the table covers a room. */
function isCovered(name: string, room: string): boolean {
  return name === room || (name.endsWith('/') && (room === name.slice(0, -1) || room.startsWith(name)))
}

/** The room of a file, by its path from the root; null if it is in none. */
function roomOf(path: string, table: typeof rooms): string | null {
  const candidates = Object.keys(table).filter((room) => path === room || path.startsWith(`${room}/`))
  return candidates.sort((a, b) => b.length - a.length)[0] ?? null
}

/** The project files that a file imports, type imports included, as paths from the root. */
function importsOf(file: string, text: string): string[] {
  const { staticImports, staticExports, dynamicImports } = parseSync(file, text).module
  const specifiers = [
    ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...staticExports.flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])),
    ...dynamicImports.map(({ moduleRequest }) => text.slice(moduleRequest.start + 1, moduleRequest.end - 1)),
  ]
  return specifiers
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(posix.dirname(file), specifier))
}

/** Every import in a file that its room does not allow. */
export function violationsIn(file: string, text: string, table = rooms): Violation[] {
  const room = roomOf(file, table)
  if (room === null) return [{ file, imports: '', why: 'it is in no room; add one to build/rooms.ts' }]
  const allowed = [room, ...(table[room] ?? [])]
  return importsOf(file, text).flatMap((imports) => {
    const other = roomOf(imports, table)
    if (other !== null && allowed.some((one) => isCovered(one, other))) return []
    return [{ file, imports, why: `${room} may not import ${other ?? 'a file outside all rooms'}` }]
  })
}

/** Rooms that may import each other, directly or through other rooms. */
export function cyclesOf(table = rooms): string[] {
  const importsOfRoom = (room: string) =>
    Object.keys(table).filter((other) => other !== room && (table[room] ?? []).some((name) => isCovered(name, other)))
  const isReachable = (from: string, to: string, seen = new Set<string>()): boolean =>
    importsOfRoom(from).some((next) => {
      if (next === to) return true
      if (seen.has(next)) return false
      seen.add(next)
      return isReachable(next, to, seen)
    })
  return Object.keys(table).filter((room) => isReachable(room, room))
}

/** Prints every import that violates the table. Returns true if there is none. */
export function checkRooms(): boolean {
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  // Tests may import from any room.
  const files = stdout
    .split('\n')
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$|\.d\.ts$|^tests\//.test(file))
  const violations = files
    .filter((file) => existsSync(join(root, file)))
    .flatMap((file) => violationsIn(file, readFileSync(join(root, file), 'utf8')))
  for (const { file, imports, why } of violations) say(`${file} imports ${imports}: ${why}.`)
  for (const room of cyclesOf()) say(`${room} is part of an import cycle.`)
  return violations.length === 0 && cyclesOf().length === 0
}
