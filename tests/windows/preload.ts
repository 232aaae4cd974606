// Preloaded into the suite, and into every program that it starts under Wine.
import { registerHooks } from 'node:module'
import { Socket } from 'node:net'

const adapter = new URL('./vitest-on-node.ts', import.meta.url).href

// Only the adapter itself imports the real Vitest, for its `expect`.
registerHooks({
  resolve: (name, context, next) =>
    name === 'vitest' && context.parentURL !== adapter
      ? { url: adapter, format: 'module-typescript', shortCircuit: true }
      : next(name, context),
})

// Wine takes its temporary folder from its registry, not from the environment that it was started with.
const { PUTDESK_WINE_TEMP: temp } = process.env
if (temp !== undefined) Object.assign(process.env, { TEMP: temp, TMP: temp })

// Wine 8 lacks TCP_KEEPIDLE: connecting fails when keep-alive was set before, as `fetch` does.
Socket.prototype.setKeepAlive = function setKeepAlive() {
  return this
}
