import { expect, it } from 'vitest'
import { dataFiles } from '../../server/core/data/data-files.ts'
import { openData } from '../../server/core/data/restore.ts'
import { apiV2 } from '../support/api-v2.ts'
import { openFolder } from '../support/cores.ts'
import { servicesForTests } from '../support/services.ts'
import { memoryFolder } from '../support/temp-folder.ts'

const count = 20_000
const { start } = servicesForTests()

it('lists each of 20,000 items once, page by page, in every order', async () => {
  const data = memoryFolder('pages')
  await openFolder(data).close()
  const { sql } = openData(dataFiles(data))
  sql.exec(`INSERT INTO items (id, user_id, parent_id, name, folded, extension, kind, size, content, created_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    SELECT i, 1, 0, 'film ' || i || '.mkv', 'film ' || i || '.mkv', 'mkv', 'movie', i, printf('%032x', i), i FROM n`)
  sql.close()
  const service = await start({ data })
  const call = apiV2(service)
  const ours = { 'putdesk-fields': '1' }
  const pages = async (sort: string) => {
    let page = await call('GET', '/v2/files/list', { per_page: 1000, sort_by: sort }, ours)
    const ids = Object(page.body.files).map(({ id }: Record<string, unknown>) => id)
    while (page.body.cursor !== null) {
      page = await call('POST', '/v2/files/list/continue?per_page=1000', { cursor: `${page.body.cursor}` }, ours)
      ids.push(...Object(page.body.files).map(({ id }: Record<string, unknown>) => id))
    }
    return new Set(ids).size
  }
  const { rows } = await service.ask('files.list', { limit: 100_000 })
  expect(rows).toHaveLength(count)
  for (const sort of ['NAME_ASC', 'SIZE_DESC', 'MODIFIED_ASC']) expect(await pages(sort)).toBe(count)
})
