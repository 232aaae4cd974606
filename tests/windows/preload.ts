// Loaded before every program that a suite starts under Wine, and before the suite itself.
import { registerHooks } from 'node:module'
import { Socket } from 'node:net'

const adapter = new URL('./vitest-on-node.ts', import.meta.url).href

// Only the adapter gets Vitest itself, for its `expect`.
registerHooks({
  resolve: (name, context, next) =>
    name === 'vitest' && context.parentURL !== adapter
      ? { url: adapter, format: 'module-typescript', shortCircuit: true }
      : next(name, context),
})

// Wine takes its temporary folder from its own registry, never from the environment that it was started with.
const { PUTDESK_WINE_TEMP: temp } = process.env
if (temp !== undefined) Object.assign(process.env, { TEMP: temp, TMP: temp })

// Wine 8 lacks TCP_KEEPIDLE, and then refuses a connection that was asked to keep alive before it was made (`fetch` does).
Socket.prototype.setKeepAlive = function setKeepAlive() {
  return this
}
