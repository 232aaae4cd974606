import { expect, it } from 'vitest'
import { columnsOf, migratedColumns, schemaVersion } from './schema.ts'

it('lists exactly the columns that the migrations create', () => {
  expect(columnsOf(schemaVersion).toSorted()).toEqual(migratedColumns(schemaVersion).toSorted())
})
