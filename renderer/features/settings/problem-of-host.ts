import { say } from '../../words/say.ts'

const hostName = /^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)$/

/** What is wrong with a host to be added to `hosts`, in one sentence; null when nothing is. */
export function problemOfHost(host: string, hosts: readonly string[]): string | null {
  if (host.length > 253 || !hostName.test(host)) return say('settings.hostWrong', { host })
  return hosts.includes(host) ? say('settings.hostTaken', { host }) : null
}
