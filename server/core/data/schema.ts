import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { currentRow, legacyKinds, legacyStatuses } from './legacy-rows.ts'
import { type Row, text } from './row.ts'

/** One migration per version. Never change one that was released. */
const migrations: (string | ((db: DatabaseSync) => void))[] = [
  `CREATE TABLE users (
     id INTEGER PRIMARY KEY, name TEXT NOT NULL, stored_bytes INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE TABLE items (
     id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id), parent_id INTEGER NOT NULL,
     name TEXT NOT NULL, folded TEXT NOT NULL, extension TEXT NOT NULL, kind INTEGER NOT NULL, size INTEGER NOT NULL,
     content TEXT UNIQUE, created_at INTEGER NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX items_by_name ON items(user_id, parent_id, name);
   CREATE INDEX items_by_age ON items(user_id, parent_id, created_at DESC, id DESC);
   CREATE TABLE transfers (
     id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id), link TEXT NOT NULL,
     name TEXT NOT NULL, folder_id INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT, size INTEGER,
     downloaded INTEGER NOT NULL DEFAULT 0, resume TEXT, content TEXT NOT NULL, created_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE messages (
     id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id), item_id INTEGER,
     title TEXT NOT NULL, file_name TEXT, kind INTEGER, created_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE bandwidth (
     user_id INTEGER NOT NULL REFERENCES users(id), month TEXT NOT NULL, used_bytes INTEGER NOT NULL DEFAULT 0,
     carried_bytes INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (user_id, month)
   ) STRICT;
   CREATE TABLE removals (content TEXT PRIMARY KEY) STRICT;`,
  `CREATE TABLE new_transfers (
     id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id), links TEXT NOT NULL,
     kind TEXT NOT NULL DEFAULT 'links', name TEXT NOT NULL, folder_id INTEGER NOT NULL, status TEXT NOT NULL,
     stage TEXT NOT NULL DEFAULT 'fetching', sharing INTEGER NOT NULL DEFAULT 0, reason TEXT, failure TEXT, size INTEGER,
     downloaded INTEGER NOT NULL DEFAULT 0, uploaded INTEGER NOT NULL DEFAULT 0, paid INTEGER NOT NULL DEFAULT 0,
     files TEXT NOT NULL DEFAULT '[]', resume TEXT, torrent BLOB, password TEXT, unpack INTEGER NOT NULL DEFAULT 1,
     plan TEXT, item_ids TEXT, content TEXT NOT NULL, created_at INTEGER NOT NULL
   ) STRICT;
   INSERT INTO new_transfers (id, user_id, links, name, folder_id, status, stage, reason, size, downloaded, files, content, created_at)
     SELECT id, user_id, json_array(link), name, folder_id,
       CASE WHEN status IN ('In complete queue', 'Completing') THEN 'In queue' ELSE status END, 'fetching', reason, size, downloaded,
       json_array(json_object('path', json_array(name), 'sizeBytes', size, 'isWhole', json('false'), 'resume', json(resume))),
       content, created_at FROM transfers;
   DROP TABLE transfers;
   ALTER TABLE new_transfers RENAME TO transfers;
   CREATE INDEX transfers_of_user ON transfers(user_id, id);
   CREATE UNIQUE INDEX users_by_name ON users(name);
   CREATE TABLE subscriptions (
     id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id), name TEXT NOT NULL, url TEXT NOT NULL,
     do_filters TEXT NOT NULL DEFAULT '', dont_filters TEXT NOT NULL DEFAULT '', folder_id INTEGER NOT NULL DEFAULT 0,
     paused INTEGER NOT NULL DEFAULT 0, last_at INTEGER, next_at INTEGER, reason TEXT, created_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE seen_entries (
     subscription_id INTEGER NOT NULL REFERENCES subscriptions(id) ON DELETE CASCADE, entry TEXT NOT NULL,
     PRIMARY KEY (subscription_id, entry)
   ) STRICT, WITHOUT ROWID;`,
  'CREATE INDEX items_by_folded ON items(user_id, parent_id, folded);',
  `CREATE INDEX messages_of_user ON messages(user_id, id);
   CREATE INDEX subscriptions_of_user ON subscriptions(user_id, paused, next_at, id);
   CREATE INDEX folders_by_name ON items(user_id, folded, id) WHERE kind = 0;
   CREATE TABLE written (database_id TEXT NOT NULL, number INTEGER NOT NULL) STRICT;
   INSERT INTO written VALUES (lower(hex(randomblob(8))), 0);
   CREATE TABLE left_work (content TEXT PRIMARY KEY) STRICT;
   CREATE TRIGGER transfers_leave AFTER DELETE ON transfers BEGIN
     INSERT OR IGNORE INTO left_work (content) VALUES (OLD.content);
   END;
   CREATE TABLE missing (content TEXT PRIMARY KEY) STRICT;`,
  'ALTER TABLE messages ADD COLUMN transfer_id INTEGER;',
  toDomainWords,
  `ALTER TABLE transfers ADD COLUMN finished_at INTEGER;
   CREATE INDEX finished_transfers ON transfers(user_id, finished_at, id) WHERE finished_at IS NOT NULL;
   DROP TRIGGER transfers_leave;
   CREATE TRIGGER transfers_leave AFTER DELETE ON transfers WHEN OLD.finished_at IS NULL BEGIN
     INSERT OR IGNORE INTO left_work (content) VALUES (OLD.content);
   END;
   CREATE TRIGGER transfers_finish AFTER UPDATE OF finished_at ON transfers WHEN NEW.finished_at IS NOT NULL BEGIN
     INSERT OR IGNORE INTO left_work (content) VALUES (NEW.content);
   END;
   CREATE TRIGGER transfers_return AFTER INSERT ON transfers WHEN NEW.finished_at IS NOT NULL BEGIN
     INSERT OR IGNORE INTO left_work (content) VALUES (NEW.content);
   END;`,
]

/** The newest schema version that this program knows. */
export const schemaVersion = migrations.length

interface Model {
  /** All columns, each with its table's name. */
  columns: string[]
  triggers: Trigger[]
}

interface Trigger {
  name: string
  sql: string
}

const models = new Map<number, Model>()

/** What a database of a schema version consists of. Each version is made once, in memory: that takes some milliseconds. */
export function modelOf(version: number): Model {
  const known = models.get(version)
  if (known !== undefined) return known
  const db = new DatabaseSync(':memory:')
  try {
    migrate(db, 0, version)
    const model = { columns: columnsIn(db), triggers: triggersIn(db) }
    models.set(version, model)
    return model
  } finally {
    db.close()
  }
}

export function columnsIn(db: DatabaseSync): string[] {
  const query = `SELECT sqlite_schema.name || '.' || pragma_table_info.name AS name
    FROM sqlite_schema, pragma_table_info(sqlite_schema.name) WHERE sqlite_schema.type = 'table'`
  return db
    .prepare(query)
    .all()
    .map((row) => text(row, 'name'))
}

/** Replaces the triggers when they are not those of this version: they are code that is stored among the data. */
export function renewTriggers(db: DatabaseSync): void {
  const wanted = modelOf(schemaVersion).triggers
  const found = triggersIn(db)
  if (JSON.stringify(found) === JSON.stringify(wanted)) return
  db.exec('BEGIN IMMEDIATE')
  try {
    for (const { name } of found) db.exec(`DROP TRIGGER "${name.replaceAll('"', '""')}"`)
    for (const { sql } of wanted) db.exec(sql)
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function triggersIn(db: DatabaseSync): Trigger[] {
  return db
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")
    .all()
    .map((row) => ({ name: text(row, 'name'), sql: text(row, 'sql') }))
}

/** Migrates the data to the newest version, or to an older one, each step in a transaction. */
export function migrate(db: DatabaseSync, version: number, to = schemaVersion): void {
  for (let step = version; step < to; step++) {
    const migration = migrations[step] ?? ''
    db.exec('BEGIN IMMEDIATE')
    try {
      if (typeof migration === 'string') db.exec(migration)
      else migration(db)
      db.exec(`PRAGMA user_version = ${step + 1}; COMMIT`)
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }
}

/** Version 6: statuses, kinds and messages are stored in domain terms instead of those of API v1. */
function toDomainWords(db: DatabaseSync): void {
  const words = (from: readonly [string | number, string][], column: string, other: string) =>
    `CASE ${column} ${from.map(([old, word]) => `WHEN ${typeof old === 'number' ? old : `'${old}'`} THEN '${word}'`).join(' ')} ELSE ${other} END`
  const kinds = legacyKinds.map((word, code): [number, string] => [code, word])
  db.exec(`
    UPDATE transfers SET status = ${words(Object.entries(legacyStatuses), 'status', 'status')};
    DROP INDEX folders_by_name;
    ALTER TABLE items ADD COLUMN word TEXT NOT NULL DEFAULT 'file';
    UPDATE items SET word = ${words(kinds, 'kind', "iif(content IS NULL, 'folder', 'file')")};
    ALTER TABLE items DROP COLUMN kind;
    ALTER TABLE items RENAME COLUMN word TO kind;
    CREATE INDEX folders_by_name ON items(user_id, folded, id) WHERE kind = 'folder';
    ALTER TABLE messages ADD COLUMN type TEXT NOT NULL DEFAULT 'notice';
    ALTER TABLE messages ADD COLUMN sentence TEXT;
    ALTER TABLE messages ADD COLUMN item_name TEXT;
    ALTER TABLE messages ADD COLUMN item_kind TEXT;
    ALTER TABLE messages ADD COLUMN item_size INTEGER;`)
  const write = db.prepare(
    'UPDATE messages SET type = ?, sentence = ?, item_name = ?, item_kind = ?, item_size = ? WHERE id = ?',
  )
  const value = (row: Row, column: string): SQLInputValue => {
    const found = row[column] ?? null
    return typeof found === 'string' || typeof found === 'number' ? found : null
  }
  for (const old of db.prepare('SELECT * FROM messages').all()) {
    const row = currentRow('messages', old)
    const columns = ['type', 'sentence', 'item_name', 'item_kind', 'item_size', 'id']
    write.run(...columns.map((column) => value(row, column)))
  }
  db.exec(`
    ALTER TABLE messages DROP COLUMN title;
    ALTER TABLE messages DROP COLUMN file_name;
    ALTER TABLE messages DROP COLUMN kind;`)
}
