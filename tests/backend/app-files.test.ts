import { spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { openJournal } from '../../electron/backend/history/journal.ts'
import { Vault } from '../../electron/backend/secrets/vault.ts'
import { openSettingsFile } from '../../electron/backend/settings/settings-file.ts'
import type { EventData } from '../../shared/contract.ts'
import { openBackend } from '../support/backend.ts'
import { generatedCases } from '../support/cases.ts'
import { has } from '../support/facilities.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// Generated forms of each of the app's own files, as a crash, a full disk, another program or another version may leave it: the
// backend starts, has all that the file or a copy still holds, says what happened, is silent at its second start, and its next
// write destroys nothing.

const seed = Number(process.env.PUTDESK_SEED ?? Date.now() % 1_000_000)
console.log(`app-files: seed ${seed}`)
let state = seed
const forms = generatedCases(100, 24)
/** A random whole number below `limit`. */
function below(limit: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state % limit
}

const ids = ['one', 'two', 'three']
const secretOf = (id: string) => `secret-of-${id}`
const files = ['settings.json', 'vault.json', 'history.jsonl'] as const
let good: string

beforeAll(async () => {
  good = temporaryFolder('good')
  const silent = { tell: () => undefined, onSaved: () => undefined }
  const file = openSettingsFile(good, silent)
  file.put('settings', { theme: 'dark', sidebarWidth: 300, hostsOnMyNetwork: ['nas.example'], isDhtOn: false })
  const keeper = {
    isProtected: async () => true,
    encrypt: async (secret: string) => Buffer.from(secret, 'utf8').reverse(),
    decrypt: async (bytes: Buffer) => Buffer.from(bytes).reverse().toString('utf8'),
  }
  const vault = new Vault({ folder: good, keeper, ...silent })
  for (const id of ids) {
    // Nothing listens there: the account is shown, and tried again.
    const account = {
      id,
      kind: 'server',
      name: `${id} · 127.0.0.1:1`,
      address: 'http://127.0.0.1:1',
      keeping: 'protected',
    }
    file.put('accounts', { [id]: account })
    await vault.write(id, JSON.stringify({ apiKey: `key-${id}`, apiSecret: secretOf(id) }))
  }
  await vault.write(
    'hosters',
    JSON.stringify([{ host: 'rapid.example', signIn: { with: 'cookie', cookie: 'session=1' } }]),
  )
  const journal = openJournal({ path: join(good, 'history.jsonl') })
  for (let transferId = 1; transferId <= 12; transferId += 1) {
    const at = { accountId: 'one', transferId, name: `film ${transferId}`, links: [], folderId: 0, atMs: transferId }
    journal.append({ type: 'left', outcome: 'finished', sizeBytes: 7, itemId: null, note: null, ...at })
  }
})

interface Seen {
  accounts: string[]
  /** Accounts that have their credentials. */
  signed: string[]
  settings: unknown[]
  hosters: string[]
  history: string[]
  notices: string[]
}

/** Starts the backend on a folder, reads everything, and changes a setting if asked to. */
async function start(dataFolder: string, theme: 'light' | 'dark' | null = null): Promise<Seen> {
  const { client, close, next } = openBackend({ dataFolder })
  const accounts = next('accounts.changed', () => true)
  const settings = next('settings.changed', () => true)
  let notices: EventData<'notices.changed'> = []
  client.on('notices.changed', (told) => {
    notices = told
  })
  await client.call('sync', {})
  const shown = await accounts
  const { sidebarWidth, hostsOnMyNetwork } = await settings
  const seen = {
    accounts: shown.map(({ id }) => id).sort(),
    signed: shown
      .filter(({ state }) => state !== 'signed-out')
      .map(({ id }) => id)
      .sort(),
    settings: [sidebarWidth, ...hostsOnMyNetwork],
    hosters: (await client.call('hosters.list', {})).map(({ host }) => host),
    history: (await client.call('history.list', { accountId: 'one' })).map(({ name }) => name).reverse(),
  }
  if (theme !== null) await client.call('settings.change', { theme })
  await close()
  return { ...seen, notices: notices.map(({ sentence }) => sentence) }
}

const whole: Omit<Seen, 'notices'> = {
  accounts: [...ids].sort(),
  signed: [...ids].sort(),
  settings: [300, 'nas.example'],
  hosters: ['rapid.example'],
  history: Array.from({ length: 12 }, (_, index) => `film ${index + 1}`),
}

function copyOfGood(): string {
  const folder = temporaryFolder('damaged')
  cpSync(good, folder, { recursive: true })
  return folder
}

/** The contents of all files in a folder, through links and in subfolders. */
function contentsOf(folder: string): Buffer[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path) && statSync(path).isFile() && statSync(path).size < 10_000_000)
    .map((path) => readFileSync(path))
}

type Damage = [name: string, damage: (path: string, bytes: Buffer) => Buffer | null]

/** Each returns what to write in place of the file, or null when it has changed the file itself. */
const damages: Damage[] = [
  ['empty', () => Buffer.alloc(0)],
  [
    'missing',
    (path) => {
      rmSync(path)
      return null
    },
  ],
  ['{}', () => Buffer.from('{}')],
  ['null', () => Buffer.from('null')],
  ['full of zeros', (_path, bytes) => Buffer.alloc(bytes.length)],
  ['zeros of 16 MiB', () => Buffer.alloc(16 * 1024 * 1024)],
  ['its first half', (_path, bytes) => bytes.subarray(0, bytes.length / 2)],
  ['its second half', (_path, bytes) => bytes.subarray(bytes.length / 2)],
  ['truncated somewhere', (_path, bytes) => bytes.subarray(0, 1 + below(bytes.length - 2))],
  ['nested too deep', () => Buffer.from('['.repeat(200_000))],
  [
    'a folder',
    (path) => {
      rmSync(path)
      mkdirSync(path)
      writeFileSync(join(path, 'inside'), 'kept')
      return null
    },
  ],
  [
    'a link to nothing',
    (path) => {
      rmSync(path)
      symlinkSync('/nowhere/at/all', path)
      return null
    },
  ],
  [
    'a link to itself',
    (path) => {
      rmSync(path)
      symlinkSync(path, path)
      return null
    },
  ],
  [
    '100 MB',
    (path) => {
      truncateSync(path, 100_000_000)
      return null
    },
  ],
  ...Array.from({ length: 12 }, (_, index): Damage => {
    return [
      `a flipped bit (${index})`,
      (_path, bytes) => {
        const flipped = Buffer.from(bytes)
        const at = below(bytes.length)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << below(8))
        return flipped
      },
    ]
  }),
]

/** Without symbolic links, no file can be replaced by one. */
const possible = has('symbolic links') ? damages : damages.filter(([name]) => !name.startsWith('a link'))

it.each(files.flatMap((file) => possible.map(([name, damage]) => [file, name, damage] as const)))(
  'restores everything, says so and destroys nothing: %s, %s',
  async (file, name, damage) => {
    const folder = copyOfGood()
    const path = join(folder, file)
    const damaged = damage(path, readFileSync(path))
    if (damaged !== null) writeFileSync(path, damaged)

    const { notices, ...seen } = await start(folder, 'light')
    expect(seen).toEqual(whole)
    // A bit of white space or of a field's name changes nothing, and a missing end of the last line is repaired silently.
    const isReported = notices.some((sentence) => /file/.test(sentence))
    expect(isReported || /flipped|somewhere/.test(name)).toBe(true)
    for (const sentence of notices) expect(sentence).toMatch(/^[A-Z0-9][^{}]*\.$/)
    for (const sentence of notices) expect(sentence).not.toMatch(/Error:|ENO|EACC|EISDIR|undefined|\bat \//)
    if (damaged !== null && damaged.length < 10_000_000 && notices.some((sentence) => sentence.includes('kept as')))
      expect(contentsOf(folder).some((content) => content.equals(damaged))).toBe(true)

    expect(await start(folder, 'dark')).toEqual({ ...whole, notices: [] })
    expect(await start(folder)).toEqual({ ...whole, notices: [] })
  },
)

/** Damage that a disk, an editor or another program may do to a file. */
function anyDamage(bytes: Buffer): Buffer {
  const [from, to] = [below(bytes.length), below(bytes.length)].sort((a, b) => a - b) as [number, number]
  const part = bytes.subarray(from, to)
  const rest = [bytes.subarray(0, from), bytes.subarray(to)] as const
  const forms: (() => Buffer)[] = [
    () => bytes.subarray(0, from),
    () => bytes.subarray(from),
    () => Buffer.concat([rest[0], rest[1]]),
    () => Buffer.concat([rest[0], Buffer.alloc(part.length), rest[1]]),
    () => Buffer.concat([rest[0], Buffer.from(part).reverse(), rest[1]]),
    () => Buffer.concat([rest[0], part, part, rest[1]]),
    () => Buffer.concat([bytes, bytes]),
    () => Buffer.concat([bytes, part]),
    () => Buffer.from(bytes.toString('utf8'), 'utf16le'),
    () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
    () => Buffer.from(bytes.map((byte) => (below(20) === 0 ? below(256) : byte))),
    () => Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'),
  ]
  return forms[below(forms.length)]?.() ?? bytes
}

it.each(files)(
  `restores everything from ${forms} damaged forms of %s, and is silent at the second start`,
  async (file) => {
    const bytes = readFileSync(join(good, file))
    for (let form = 0; form < forms; form += 1) {
      const folder = copyOfGood()
      const damaged = anyDamage(bytes)
      writeFileSync(join(folder, file), damaged)
      const label = `form ${form} of ${file}: ${damaged.subarray(0, 2000).toString('latin1')}`
      const { notices, ...seen } = await start(folder, 'light')
      expect(seen, label).toEqual(whole)
      if (notices.some((sentence) => sentence.includes('kept as')))
        expect(
          contentsOf(folder).some((content) => content.equals(damaged)),
          label,
        ).toBe(true)
      expect(await start(folder), label).toEqual({ ...whole, notices: [] })
      rmSync(folder, { recursive: true })
    }
  },
)

/** A JSON file with one value changed, for each value in it. */
function withWrongTypes(value: unknown, change: (other: unknown) => unknown = (other) => other): unknown[] {
  const others = [null, 7, 'x', [], {}, true, { later: 1 }].filter(
    (other) => JSON.stringify(other) !== JSON.stringify(value),
  )
  const here = [others[below(others.length)], others[below(others.length)]].map(change)
  if (typeof value !== 'object' || value === null) return here
  const inside = Array.isArray(value)
    ? value.flatMap((entry, index) => withWrongTypes(entry, (other) => change(value.with(index, other))))
    : Object.entries(value).flatMap(([name, entry]) =>
        withWrongTypes(entry, (other) => change({ ...value, [name]: other })),
      )
  return [...here, ...inside]
}

it.each(['settings.json', 'vault.json'] as const)(
  'recovers from the copy when any field of %s has a wrong type',
  async (file) => {
    const { seal: _, told: __, version: ___, ...content } = JSON.parse(readFileSync(join(good, file), 'utf8'))
    for (const wrong of withWrongTypes(content)) {
      const folder = copyOfGood()
      // As the first versions wrote it: without a seal.
      writeFileSync(join(folder, file), JSON.stringify(wrong))
      const { notices, ...seen } = await start(folder, 'light')
      const text = JSON.stringify(wrong)
      // An empty list of accounts is valid; of any other, at most the account that was changed may be lost.
      const hasNone = text.includes('"accounts":[]')
      expect([text, seen.accounts.length >= 2 || hasNone, seen.signed.length >= 2 || hasNone]).toEqual([
        text,
        true,
        true,
      ])
      if (notices.length > 0) expect(contentsOf(folder).map(String)).toContain(text)
      // A valid name or number in place of another may be the user's; anything else is restored, and reported.
      else expect(seen.hosters).toEqual(whole.hosters)
      expect(await start(folder)).toEqual({ ...seen, notices: [] })
      rmSync(folder, { recursive: true })
    }
  },
)

it.each(['settings.json', 'vault.json'] as const)(
  'uses the other entries, and leaves a wrong one in the file, when %s has no copy',
  async (file) => {
    const folder = copyOfGood()
    for (const copy of readdirSync(folder)) if (copy.includes('last-good')) rmSync(join(folder, copy))
    const text = readFileSync(join(good, file), 'utf8')
    const content = JSON.parse(text)
    const later = file === 'settings.json' ? { id: 'two', kind: 'real-putio', later: [1] } : 'no entry'
    if (file === 'settings.json') content.accounts[1] = later
    else content.two = later
    delete content.seal
    writeFileSync(join(folder, file), JSON.stringify(content))
    const { notices, ...seen } = await start(folder, 'light')
    const others = ['one', 'three']
    expect(seen).toEqual({ ...whole, accounts: file === 'settings.json' ? others : whole.accounts, signed: others })
    expect(notices.join()).toContain('cannot be used by this version')
    expect((await start(folder, 'dark')).notices).toEqual([])
    const kept = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    expect(file === 'settings.json' ? kept.accounts[1] : kept.two).toEqual(later)
  },
)

it.each([
  ['settings.json', 'Add your accounts again, and look through the settings.'],
  ['vault.json', 'Sign in again where an account asks for it, and enter your paid hosters again.'],
] as const)('says what to do when %s is damaged and has no good copy', async (file, whatToDo) => {
  const folder = copyOfGood()
  for (const copy of readdirSync(folder)) if (copy.includes('last-good')) rmSync(join(folder, copy))
  writeFileSync(join(folder, file), Buffer.alloc(300))
  const { notices } = await start(folder)
  expect(notices.join(' ')).toContain(`There was no good copy of it. ${whatToDo}`)
})

it.each(['settings.json', 'vault.json'] as const)(
  'uses what it can of %s from a later version, and leaves the file untouched',
  async (file) => {
    const folder = copyOfGood()
    const content = JSON.parse(readFileSync(join(good, file), 'utf8'))
    const later = JSON.stringify({ ...content, version: 99, workspaces: [1, 2] })
    writeFileSync(join(folder, file), later)
    const { notices, ...seen } = await start(folder, 'light')
    expect(seen).toEqual(whole)
    expect(notices).toEqual([expect.stringContaining('later version')])
    expect(readFileSync(join(folder, file), 'utf8')).toBe(later)
  },
)

it('keeps fields of a later version in an account and in the settings', async () => {
  const folder = copyOfGood()
  const content = JSON.parse(readFileSync(join(good, 'settings.json'), 'utf8'))
  delete content.seal
  content.accounts[0].color = 'red'
  content.settings.density = 'high'
  content.workspaces = { a: 1 }
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(content))
  expect(await start(folder, 'light')).toEqual({ ...whole, notices: [] })
  const kept = JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8'))
  expect([kept.accounts[0].color, kept.settings.density, kept.settings.theme, kept.workspaces]).toEqual([
    'red',
    'high',
    'light',
    { a: 1 },
  ])
})

it('opens the files of the first version unchanged', async () => {
  const folder = copyOfGood()
  for (const name of readdirSync(folder))
    if (name.includes('last-good') || name.endsWith('.copy')) rmSync(join(folder, name))
  for (const file of ['settings.json', 'vault.json']) {
    const { seal: _, version: __, ...content } = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    writeFileSync(join(folder, file), JSON.stringify(content, null, '\t'))
  }
  const lines = readFileSync(join(folder, 'history.jsonl'), 'utf8').split('\n')
  writeFileSync(join(folder, 'history.jsonl'), lines.map((line) => line.replace(/,"crc":\d+/, '')).join('\n'))
  expect(await start(folder, 'light')).toEqual({ ...whole, notices: [] })
})

it('starts empty and without a notice only on a first start', async () => {
  const folder = temporaryFolder('first')
  const none = { accounts: [], signed: [], settings: [228], hosters: [], history: [] }
  expect(await start(folder)).toEqual({ ...none, notices: [] })
  writeFileSync(join(folder, 'history.jsonl'), '')
  const told: string[] = []
  openSettingsFile(folder, { tell: (sentence) => told.push(sentence) })
  expect(told).toEqual([expect.stringContaining('was missing')])
  openSettingsFile(folder, { tell: (sentence) => told.push(sentence) })
  expect(told).toHaveLength(1)
})

it.each(files)('leaves a write-protected %s as it is, keeps working, and says so', async (file) => {
  const folder = copyOfGood()
  const path = join(folder, file)
  const before = readFileSync(path)
  chmodSync(path, 0o400)
  const { notices, ...seen } = await start(folder, 'light')
  expect(seen).toEqual(whole)
  expect(readFileSync(path).equals(before)).toBe(true)
  if (file === 'settings.json') expect(notices).toEqual([expect.stringContaining('cannot be saved')])
  chmodSync(path, 0o600)
  expect(await start(folder, 'dark')).toEqual({ ...whole, notices: [] })
})

it.runIf(has('symbolic links')).each(['settings.json', 'vault.json'] as const)(
  'keeps a link in place of %s, and writes the file that it points to',
  async (file) => {
    const folder = copyOfGood()
    const elsewhere = temporaryFolder('linked')
    cpSync(join(folder, file), join(elsewhere, file))
    rmSync(join(folder, file))
    symlinkSync(join(elsewhere, file), join(folder, file))
    expect(await start(folder, 'light')).toEqual({ ...whole, notices: [] })
    expect(readFileSync(join(folder, file), 'utf8')).toBe(readFileSync(join(elsewhere, file), 'utf8'))
    expect(readdirSync(elsewhere)).toEqual([file])
  },
)

it('has the last saved setting, or the one being saved, after a kill at any moment', async () => {
  const folder = copyOfGood()
  for (let kill = 0; kill < 6; kill += 1) {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../support/save-child.ts'), folder])
    let output = ''
    const wanted = 1 + below(40)
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (text: Buffer) => {
        output += text.toString()
        if (output.split('\n').length > wanted) child.kill('SIGKILL')
      })
      child.once('close', () => resolve())
    })
    expect(output).not.toContain('told')
    const saved = Number(/saved (\d+)\n(?!.*\n)/s.exec(output)?.[1] ?? 0)
    const told: string[] = []
    const file = openSettingsFile(folder, { tell: (sentence) => told.push(sentence) })
    const { dockHeight, theme } = Object.fromEntries(file.entries('settings'))
    // The child starts over at 100 after 700.
    expect([saved, saved === 700 ? 100 : saved + 1]).toContain(dockHeight)
    expect([theme, file.entries('accounts').size, told]).toEqual(['dark', 3, []])
  }
})
