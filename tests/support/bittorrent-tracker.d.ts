declare module 'bittorrent-tracker' {
  import type { EventEmitter } from 'node:events'
  import type http from 'node:http'

  export class Server extends EventEmitter {
    constructor(options: { http: boolean; udp: boolean; ws: boolean; stats: boolean })
    http: http.Server | null
    udp: { address(): { port: number } } | null
    listen(port: number, host: string | Record<string, string>, onListening: () => void): void
    close(onClose: () => void): void
  }
}
