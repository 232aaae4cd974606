import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

/** The result of one test, as a line of JSON. */
export interface TestResult {
  name: string
  isSkipped: boolean
  error: string | null
}

/** A reporter of `node:test` for `build/test-windows.ts`: one line for each test, and for each hook that failed. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const { name, skip, details } = event.data
    const error = event.type === 'test:fail' ? event.data.details.error : null
    const isGroup = details.type === 'suite'
    // A group fails with its tests, which are reported themselves, or because of its own hook.
    if (isGroup && (error === null || reasonOf(error) === 'subtestsFailed')) continue
    const isSkipped = skip !== undefined && skip !== false
    const result: TestResult = {
      name,
      isSkipped,
      error: error === null ? null : inspect(error.cause ?? error, { depth: 6 }),
    }
    yield `${JSON.stringify(result)}\n`
  }
}

function reasonOf(error: Error): unknown {
  return 'failureType' in error ? error.failureType : null
}
