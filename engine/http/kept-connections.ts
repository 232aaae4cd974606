import type { Agent } from 'node:http'

/** Connections that stay open from one request to the next, one to each server. */
export class KeptConnections {
  readonly #agents = new Map<string, Agent>()

  /** The agent for http: or https:. */
  agentFor(protocol: string): Agent {
    const known = this.#agents.get(protocol)
    if (known !== undefined) return known
    const { Agent } = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http')
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    this.#agents.set(protocol, agent)
    return agent
  }

  /** Closes them all. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy()
  }
}
