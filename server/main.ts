import { createGate } from '../engine/gate.ts'
import { listen } from './api/listen.ts'
import { createAccount } from './core/account.ts'
import { openCore } from './core/core.ts'
import { DataFolderError } from './core/database.ts'
import { logFault } from './log.ts'
import { readOptions, UsageError } from './options.ts'
import { joinParent } from './parent.ts'

const stopWithinMs = 5000

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  const parent = options.credentials === null ? joinParent() : null
  const told = await parent?.started
  const credentials = options.credentials ?? told?.credentials
  if (credentials === undefined) return
  const gate = createGate({ allowHosts: [...options.allowHosts, ...(told?.allowHosts ?? [])] })
  parent?.onAllowHosts(gate.allow)

  const tell = (message: object) => {
    process.stdout.write(`${JSON.stringify(message)}\n`)
    parent?.tell(message)
  }
  const open = () => {
    try {
      return openCore({ ...options, account: createAccount(credentials), gate, report: logFault })
    } catch (fault) {
      if (parent !== null && fault instanceof DataFolderError) tell({ ready: false, reason: fault.message })
      throw fault
    }
  }
  const core = open()
  const service = await listen(core, options.port)
  const stop = async () => {
    setTimeout(() => process.exit(1), stopWithinMs).unref()
    await service.close()
    await core.close()
    process.exit(0)
  }
  let isStopping = false
  const stopOnce = () => {
    if (!isStopping) stop().catch(die)
    isStopping = true
  }
  process.once('SIGTERM', stopOnce)
  process.once('SIGINT', stopOnce)
  parent?.gone.then(stopOnce).catch(die)

  const { port, url } = service
  tell({ ready: true, port, url, ...(core.notice !== null && { notice: core.notice }) })
  await core.begin()
}

function die(fault: unknown): void {
  if (fault instanceof UsageError || fault instanceof DataFolderError) {
    process.stderr.write(`${fault.message}\n`)
    process.exit(fault instanceof UsageError ? 2 : 1)
  }
  const code = fault instanceof Error && 'code' in fault ? fault.code : null
  if (code === 'EADDRINUSE') process.stderr.write('The port is already used by another program.\n')
  else logFault(fault)
  process.exit(1)
}

main().catch(die)
