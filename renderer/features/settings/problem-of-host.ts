import { say } from '../../words/say.ts'

const hostName = /^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)$/

/** Validates a host to add to `hosts`: a sentence with the problem, or null. */
export function problemOfHost(host: string, hosts: readonly string[]): string | null {
  if (host.length > 253 || !hostName.test(host)) return say('settings.hostWrong', { host })
  return hosts.includes(host) ? say('settings.hostTaken', { host }) : null
}
