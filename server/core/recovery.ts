import { existsSync } from 'node:fs'
import { type Content, newContentName } from './content.ts'
import type { Database } from './database.ts'
import { number, text } from './row.ts'
import type { Space } from './space.ts'

/**
 * After an older copy of the data was restored: content that no item knows is adopted into a folder of its own, and items whose
 * content is gone are taken off. Answers with a sentence on what was done.
 */
export function recover(db: Database, space: Space, content: Content): string {
  const known = new Map(
    db.sql
      .prepare('SELECT id, content FROM items WHERE content IS NOT NULL')
      .all()
      .map((row): [string, number] => [text(row, 'content'), number(row, 'id')]),
  )
  const removed = new Set(
    db.sql
      .prepare('SELECT content FROM removals')
      .all()
      .map((row) => text(row, 'content')),
  )
  const strays = content.all().filter((file) => !known.has(file.content) && !removed.has(file.content))
  const missing = [...known].filter(([name]) => !existsSync(content.path(name)))
  for (const [, id] of missing) space.remove(id)
  if (strays.length > 0) {
    const folder = space.createFolder('Recovered files', 0)
    db.transact(() => {
      for (const { content: name, sizeBytes } of strays) {
        // It may have come with a transfer that the older copy still holds: that one is not to write it again.
        db.sql.prepare('UPDATE transfers SET content = ? WHERE content = ?').run(newContentName(), name)
        space.addFile({ name: `recovered ${name.slice(0, 8)}`, parentId: folder.id, sizeBytes, content: name })
      }
    })
  }
  const adopted = strays.length === 0 ? '' : ` ${strays.length} files it did not know are in “Recovered files”.`
  const gone = missing.length === 0 ? '' : ` ${missing.length} files that had been deleted since were taken off again.`
  return `${adopted}${gone}`
}
