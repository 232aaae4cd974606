import type { Agent } from 'node:http'
import { Socket } from 'node:net'

/** Connections that stay open from one request to the next, one to each server. */
export class KeptConnections {
  readonly #agents = new Map<string, Agent>()
  readonly #open = new Set<Socket>()
  /** How much had been read from each connection when it became idle last. */
  readonly #idle = new Map<Socket, number>()
  #hasExcess = false

  /**
   * True when a server has ever sent something after the end of a response: what came next over that connection may belong to another
   * request. Call it after each request that was answered in full, and when nothing is asked for any more.
   */
  hasExcess(): boolean {
    for (const socket of this.#open) this.#hasExcess ||= hasMore(socket, this.#idle.get(socket))
    this.forget()
    return this.#hasExcess
  }

  /** Call it after a request that was not answered in full: how its connection ended says nothing. */
  forget(): void {
    for (const socket of [...this.#open].filter(({ destroyed }) => destroyed)) {
      this.#open.delete(socket)
      this.#idle.delete(socket)
    }
  }

  /** The agent for http: or https:. */
  agentFor(protocol: string): Agent {
    const known = this.#agents.get(protocol)
    if (known !== undefined) return known
    const { Agent } = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http')
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const { createConnection, keepSocketAlive } = agent
    agent.createConnection = (...parts) => {
      const socket = createConnection.apply(agent, parts)
      if (socket instanceof Socket) this.#open.add(socket)
      return socket
    }
    agent.keepSocketAlive = (socket) => {
      if (socket instanceof Socket) this.#idle.set(socket, socket.bytesRead)
      return keepSocketAlive.call(agent, socket)
    }
    this.#agents.set(protocol, agent)
    return agent
  }

  /** Closes them all. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy()
  }
}

/**
 * True for a connection that brought more after its last response. Node destroys one over which a response comes that was not asked for;
 * otherwise one side ends it, or breaks it.
 */
function hasMore(socket: Socket, idleBytes: number | undefined): boolean {
  if (socket.bytesRead === idleBytes) return false
  const isEnded = socket.readableEnded || socket.writableEnded || socket.errored !== null
  return socket.destroyed ? !isEnded : idleBytes !== undefined
}
