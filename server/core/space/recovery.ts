import type { Database } from '../data/database.ts'
import { removedId, trashId } from '../data/detached.ts'
import { number, type Row, text } from '../data/row.ts'
import { type Content, newContentName } from './content.ts'
import { rootId, type Space } from './space.ts'

/**
 * Compares the database with the content files at every start. Content that no item, transfer or removal knows is
 * adopted into a folder of its own. Items whose content is missing are reported once; they stay, because the content
 * may come back with its disk. Returns sentences, or null.
 */
export function recover(db: Database, space: Space, content: Content): string | null {
  const { sql } = db
  const names = new Set(content.names())
  const contentOf = (row: Row) => text(row, 'content')
  const items = sql.prepare('SELECT content, parent_id FROM items WHERE content IS NOT NULL').all()
  const removals = sql.prepare('SELECT content FROM removals').all()
  // A complete upload is added to its folder a little later.
  const uploads = sql.prepare('SELECT content FROM uploads WHERE item_id IS NULL').all()
  const known = new Set([...items, ...removals, ...uploads].map(contentOf))
  const plans = sql
    .prepare('SELECT plan FROM transfers WHERE plan IS NOT NULL')
    .all()
    .map((row) => text(row, 'plan'))
    .join('\n')
  const orphans = [...names].filter((name) => !known.has(name))
  const adopted = adopt(
    orphans.filter((name) => !plans.includes(name)),
    { db, space, content },
  )
  const isVisible = createVisibilityCheck(db)
  const missing = items
    .filter((row) => !names.has(contentOf(row)) && isVisible(number(row, 'parent_id')))
    .map(contentOf)
  for (const name of missing) content.setDamaged(name, true)
  const notices = [adoptedNotice(adopted), missingNotice(recordMissing(db, missing))].filter(
    (sentence) => sentence !== null,
  )
  return notices.length === 0 ? null : notices.join(' ')
}

/**
 * Returns a function that tells whether items in a folder are visible. A removed item keeps its row for a while after
 * its content, and one in the trash is reported once it is back.
 */
function createVisibilityCheck({ sql }: Database): (folderId: number) => boolean {
  const parentOf = sql.prepare('SELECT parent_id FROM items WHERE id = ?')
  const known = new Map([
    [rootId, true],
    [removedId, false],
    [trashId, false],
  ])
  return (folderId) => {
    const path: number[] = []
    let at = folderId
    while (!known.has(at)) {
      path.push(at)
      // In a damaged database, a folder may be inside itself.
      known.set(at, false)
      at = number(parentOf.get(at) ?? { parent_id: removedId }, 'parent_id')
    }
    const isVisible = known.get(at) === true
    for (const id of path) known.set(id, isVisible)
    return isVisible
  }
}

function adopt(
  names: readonly string[],
  { db, space, content }: { db: Database; space: Space; content: Content },
): number {
  if (names.length === 0) return 0
  const folder = space.findFolder(0, folderName) ?? space.createFolder(folderName, 0)
  db.transact(() => {
    const rename = db.sql.prepare('UPDATE transfers SET content = ? WHERE content = ?')
    for (const name of names) {
      // A transfer in an older copy of the database may still name this content: it must not write to it again.
      rename.run(newContentName(), name)
      space.addFile({
        name: `recovered ${name.slice(0, 8)}`,
        parentId: folder.id,
        sizeBytes: content.sizeBytes(name) ?? 0,
        content: name,
      })
    }
  })
  return names.length
}

/** Remembers the missing contents, and returns how many of them were not reported before. */
function recordMissing(db: Database, missing: readonly string[]): number {
  const { sql } = db
  return db.transact(() => {
    const before = new Set(
      sql
        .prepare('SELECT content FROM missing')
        .all()
        .map((row) => text(row, 'content')),
    )
    const now = new Set(missing)
    const forget = sql.prepare('DELETE FROM missing WHERE content = ?')
    for (const name of before) if (!now.has(name)) forget.run(name)
    const fresh = missing.filter((name) => !before.has(name))
    const note = sql.prepare('INSERT INTO missing (content) VALUES (?)')
    for (const name of fresh) note.run(name)
    return fresh.length
  })
}

const folderName = 'Recovered files'

function adoptedNotice(count: number): string | null {
  if (count === 0) return null
  return count === 1
    ? `A file that the list did not know is in “${folderName}”.`
    : `${count} files that the list did not know are in “${folderName}”.`
}

function missingNotice(count: number): string | null {
  if (count === 0) return null
  return count === 1
    ? 'The content of a file is missing on the disk; the file stays in the list.'
    : `The contents of ${count} files are missing on the disk; the files stay in the list.`
}
