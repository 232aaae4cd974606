import { expect, it } from 'vitest'
import { columnsOf, migratedColumns, schemaVersion } from './schema.ts'

it('the columns that are written out are those that the migrations make', () => {
  expect(columnsOf(schemaVersion).toSorted()).toEqual(migratedColumns(schemaVersion).toSorted())
})
