import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './paths.ts'

/** Runs only the local service, from source. */
const child = spawn(process.execPath, [join(root, 'server', 'main.ts'), ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => process.exit(code ?? 1))
