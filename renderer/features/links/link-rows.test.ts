import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import { createAppStore } from '../../store/store.ts'
import { scriptedBackend } from '../../store/test-client.ts'
import { StoreProvider } from '../../store/use-app.ts'
import type { Ledger } from './ledger.ts'
import { LinkRows } from './link-rows.tsx'

const ledger: Ledger = {
  fits: [],
  batchDiskBytes: 0,
  batchBandwidthBytes: 0,
  unknownCount: 0,
  diskLeftBytes: 0,
  peakLeftBytes: 0,
  bandwidthLeftBytes: null,
}

it('says how many links are left out while the others are still being analyzed', () => {
  const store = createAppStore(scriptedBackend().client)
  store.setState({
    analysis: { links: ['http://a/'], report: null, space: null, leftOut: 7, isRunning: true, problem: null },
  })
  const action = () => undefined
  const rows = createElement(LinkRows, {
    isEmpty: false,
    ledger,
    ticked: new Set<number>(),
    refusalOf: () => null,
    onTick: action,
    onRetry: action,
  })
  // Static rendering reads the store's initial state.
  store.getInitialState = store.getState
  const drawn = renderToStaticMarkup(createElement(StoreProvider, { value: store }, rows))
  expect(drawn).toContain('Looking at 1 link')
  expect(drawn).toContain('7 more links are not shown')
})
