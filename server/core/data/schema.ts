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
   DROP TRIGGER transfers_leave;`,
  // From here on, `renewTriggers` makes the triggers.
  `ALTER TABLE items ADD COLUMN trashed_name TEXT;
   ALTER TABLE items ADD COLUMN trashed_from TEXT;
   ALTER TABLE items ADD COLUMN trashed_at INTEGER;
   CREATE INDEX trashed_items ON items(user_id, trashed_at, id) WHERE trashed_at IS NOT NULL;`,
  `ALTER TABLE items ADD COLUMN updated_at INTEGER;
   ALTER TABLE items ADD COLUMN opened_at INTEGER;
   ALTER TABLE items ADD COLUMN crc32 TEXT;
   ALTER TABLE items ADD COLUMN sha1 TEXT;
   ALTER TABLE items ADD COLUMN start_from INTEGER;
   CREATE TABLE tokens (
     id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id), digest TEXT NOT NULL UNIQUE,
     scope TEXT NOT NULL, app TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL, used_at INTEGER
   ) STRICT;
   CREATE TABLE uploads (
     id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id), key TEXT NOT NULL UNIQUE,
     name TEXT NOT NULL, folder_id INTEGER NOT NULL, size INTEGER NOT NULL, content TEXT NOT NULL, overwrite INTEGER NOT NULL,
     torrent INTEGER NOT NULL, received INTEGER NOT NULL DEFAULT 0, crc32 INTEGER NOT NULL DEFAULT 0, item_id INTEGER,
     transfer_id INTEGER, updated_at INTEGER, changed_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX open_uploads ON uploads(user_id) WHERE item_id IS NULL;
   ALTER TABLE transfers ADD COLUMN result_id INTEGER;
   CREATE TABLE events (
     id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id), type TEXT NOT NULL, details TEXT NOT NULL,
     created_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX events_of_user ON events(user_id, id);
   ALTER TABLE subscriptions ADD COLUMN skip INTEGER NOT NULL DEFAULT 0;
   CREATE TABLE feed_items (
     id INTEGER PRIMARY KEY AUTOINCREMENT, subscription_id INTEGER NOT NULL REFERENCES subscriptions(id) ON DELETE CASCADE,
     title TEXT NOT NULL, link TEXT NOT NULL, transfer_id INTEGER, created_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX items_of_feed ON feed_items(subscription_id, id);
   CREATE TABLE configs (
     user_id INTEGER NOT NULL REFERENCES users(id), app TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
     PRIMARY KEY (user_id, app, name)
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE shares (
     id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id),
     item_id INTEGER NOT NULL REFERENCES items(id) ON DELETE CASCADE, friend_id INTEGER REFERENCES users(id),
     created_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX shares_of_item ON shares(item_id);
   CREATE INDEX shares_of_user ON shares(user_id, id);
   CREATE TABLE public_shares (
     id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id),
     item_id INTEGER NOT NULL REFERENCES items(id) ON DELETE CASCADE, token TEXT NOT NULL UNIQUE,
     created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX public_shares_of_item ON public_shares(item_id);
   CREATE INDEX public_shares_of_user ON public_shares(user_id, id);`,
  'ALTER TABLE items ADD COLUMN watched INTEGER;',
]

/** The newest schema version that this program knows. */
export const schemaVersion = migrations.length

interface Trigger {
  name: string
  sql: string
}

const triggers: Trigger[] = [
  trigger('transfers_finish', 'AFTER UPDATE OF finished_at ON transfers WHEN NEW.finished_at IS NOT NULL', 'NEW'),
  trigger('transfers_leave', 'AFTER DELETE ON transfers WHEN OLD.finished_at IS NULL', 'OLD'),
  trigger('transfers_return', 'AFTER INSERT ON transfers WHEN NEW.finished_at IS NOT NULL', 'NEW'),
  trigger('uploads_leave', 'AFTER DELETE ON uploads', 'OLD'),
]

/** Notes that a transfer or an upload has ended, so that the files of its work are removed even after a kill. */
function trigger(name: string, occasion: string, row: 'NEW' | 'OLD'): Trigger {
  const note = `INSERT OR IGNORE INTO left_work (content) VALUES (${row}.content)`
  return { name, sql: `CREATE TRIGGER ${name} ${occasion} BEGIN ${note}; END` }
}

/** The columns of each table in the newest version. Written out, because migrating an empty database takes 10 ms. */
const newestColumns: Record<string, string> = {
  users: 'id name stored_bytes',
  items:
    'id user_id parent_id name folded extension size content created_at kind trashed_name trashed_from trashed_at updated_at opened_at crc32 sha1 start_from watched',
  messages: 'id user_id item_id created_at transfer_id type sentence item_name item_kind item_size',
  bandwidth: 'user_id month used_bytes carried_bytes',
  removals: 'content',
  transfers: `id user_id links kind name folder_id status stage sharing reason failure size downloaded uploaded paid files
    resume torrent password unpack plan item_ids content created_at finished_at result_id`,
  subscriptions: 'id user_id name url do_filters dont_filters folder_id paused last_at next_at reason created_at skip',
  seen_entries: 'subscription_id entry',
  written: 'database_id number',
  left_work: 'content',
  missing: 'content',
  tokens: 'id user_id digest scope app name created_at used_at',
  uploads:
    'id user_id key name folder_id size content overwrite torrent received crc32 item_id transfer_id updated_at changed_at',
  configs: 'user_id app name value',
  events: 'id user_id type details created_at',
  feed_items: 'id subscription_id title link transfer_id created_at',
  shares: 'id user_id item_id friend_id created_at',
  public_shares: 'id user_id item_id token created_at expires_at',
}

/** All columns of a schema version, each with its table's name. */
export function columnsOf(version: number): string[] {
  if (version < schemaVersion) return migratedColumns(version)
  return Object.entries(newestColumns).flatMap(([table, columns]) =>
    columns.split(/\s+/).map((column) => `${table}.${column}`),
  )
}

/** The same, read from a new database that was migrated to that version. */
export function migratedColumns(version: number): string[] {
  const db = new DatabaseSync(':memory:')
  try {
    migrate(db, 0, version)
    return columnsIn(db)
  } finally {
    db.close()
  }
}

export function columnsIn(db: DatabaseSync): string[] {
  const query = `SELECT sqlite_schema.name || '.' || pragma_table_info.name AS name
    FROM sqlite_schema, pragma_table_info(sqlite_schema.name)
    WHERE sqlite_schema.type = 'table' AND sqlite_schema.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`
  return db
    .prepare(query)
    .all()
    .map((row) => text(row, 'name'))
}

/** Makes the triggers, and replaces those that are not of this version: they are code that is stored among the data. */
export function renewTriggers(db: DatabaseSync): void {
  const found = triggersIn(db)
  if (JSON.stringify(found) === JSON.stringify(triggers)) return
  db.exec('BEGIN IMMEDIATE')
  try {
    for (const { name } of found) db.exec(`DROP TRIGGER "${name.replaceAll('"', '""')}"`)
    for (const { sql } of triggers) db.exec(sql)
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
