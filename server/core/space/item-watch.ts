import type { Database } from '../data/database.ts'

/** What has become of an item since the last look. */
export interface ItemChange {
  userId: number
  id: number
  what: 'created' | 'changed' | 'moved' | 'deleted'
  /** The folders that it was in and is in, as far as they are in the space. */
  folderIds: number[]
}

/** Notes changes of items, of all users and whatever has made them. */
export interface ItemWatch {
  /** The changes since the last call. If there were too many, only the folders in which they were: as changed items. */
  take(): ItemChange[]
  stop(): void
}

/** More changes at once than this are told by their folders. */
const maxChanges = 1000

interface Noted {
  userId: number
  /** Negative for an item that was not in the space. */
  before: number
  after: number
}

const none = -1
const triggers: Record<string, string> = {
  items_added: 'AFTER INSERT ON main.items BEGIN SELECT note_item(NEW.user_id, NEW.id, -1, NEW.parent_id); END',
  items_changed: `AFTER UPDATE OF parent_id, name, content, updated_at ON main.items
    WHEN OLD.parent_id >= 0 OR NEW.parent_id >= 0
    BEGIN SELECT note_item(NEW.user_id, NEW.id, OLD.parent_id, NEW.parent_id); END`,
}

/** Begins to note changes. Costs nothing while nobody watches. */
export function watchItems({ sql }: Pick<Database, 'sql'>): ItemWatch {
  const changes = new Map<number, Noted>()
  const folders = new Map<number, number>()
  sql.function('note_item', (userId, id, before, after) => {
    if (typeof userId !== 'number' || typeof id !== 'number') return null
    const noted = changes.get(id) ?? { userId, before: Number(before), after: none }
    const change = { ...noted, after: Number(after) }
    if (changes.size < maxChanges || changes.has(id)) changes.set(id, change)
    else for (const folderId of foldersOf(change)) folders.set(folderId, userId)
    return null
  })
  for (const [name, sqlText] of Object.entries(triggers))
    sql.exec(`CREATE TEMP TRIGGER IF NOT EXISTS ${name} ${sqlText}`)
  return {
    take: () => {
      const taken = [...changes].flatMap(([id, change]): ItemChange[] => {
        const what = whatOf(change)
        return what === null ? [] : [{ userId: change.userId, id, what, folderIds: foldersOf(change) }]
      })
      const others = [...folders].map(([id, userId]): ItemChange => {
        return { userId, id, what: 'changed', folderIds: [id] }
      })
      changes.clear()
      folders.clear()
      return [...taken, ...others]
    },
    stop: () => {
      if (sql.isOpen) for (const name of Object.keys(triggers)) sql.exec(`DROP TRIGGER IF EXISTS temp.${name}`)
    },
  }
}

function foldersOf({ before, after }: Noted): number[] {
  return [...new Set([before, after])].filter((id) => id >= 0)
}

/** Null for an item that came and went unseen. */
function whatOf({ before, after }: Noted): ItemChange['what'] | null {
  if (before < 0) return after < 0 ? null : 'created'
  if (after < 0) return 'deleted'
  return before === after ? 'changed' : 'moved'
}
