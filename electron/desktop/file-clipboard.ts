import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import electron, { clipboard } from 'electron'

const powerShellTimeoutMs = 30_000

/** Puts files on the system's clipboard, in the form in which its file manager pastes them. */
export async function copyFiles(paths: readonly string[]): Promise<void> {
  if (process.platform === 'win32') await copyWithPowerShell(paths)
  else if (process.platform === 'darwin') await write({ NSFilenamesPboardType: propertyList(paths) })
  else {
    const urls = paths.map((path) => pathToFileURL(path).href)
    // GNOME, KDE and browsers read the first (RFC 2483 §5), other file managers the second.
    await write({
      'text/uri-list': urls.map((url) => `${url}\r\n`).join(''),
      'x-special/gnome-copied-files': ['copy', ...urls].join('\n'),
    })
  }
}

/** Writes formats of the system. Older versions of Electron write one: the first. */
async function write(formats: Record<string, string>): Promise<void> {
  const writeBuffer: unknown = Reflect.get(clipboard, 'writeBuffer')
  const [[format, text] = []] = Object.entries(formats)
  if (typeof writeBuffer === 'function') return writeBuffer.call(clipboard, format, Buffer.from(text ?? ''))
  const { ClipboardItem } = electron
  const named = Object.entries(formats).map(([name, value]) => [
    `electron application/osclipboard;format="${name}"`,
    new Blob([value]),
  ])
  await clipboard.write([new ClipboardItem(Object.fromEntries(named))])
}

/** The paths as an XML property list. */
function propertyList(paths: readonly string[]): string {
  const escaped = paths.map((path) => path.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;'))
  const strings = escaped.map((path) => `<string>${path}</string>`).join('')
  return `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><array>${strings}</array></plist>`
}

/** Electron cannot write the list of files that Explorer reads. The paths go through the pipe, where nothing in them is a command. */
function copyWithPowerShell(paths: readonly string[]): Promise<void> {
  const program = join(
    process.env.SystemRoot ?? 'C:\\Windows',
    'System32',
    'WindowsPowerShell',
    'v1.0',
    'powershell.exe',
  )
  // Windows PowerShell passes an array from JSON on as one object: the paths are assigned before they are used.
  const script = [
    "$ErrorActionPreference = 'Stop'",
    '[Console]::InputEncoding = [Text.Encoding]::UTF8',
    '$paths = [Console]::In.ReadToEnd() | ConvertFrom-Json',
    'Set-Clipboard -LiteralPath $paths',
  ].join('; ')
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['-NoProfile', '-NonInteractive', '-Command', script], {
      windowsHide: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: powerShellTimeoutMs,
    })
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`PowerShell exited with ${code}`))))
    child.stdin.on('error', () => undefined)
    child.stdin.end(JSON.stringify(paths))
  })
}
