import { extname } from 'node:path'
import { safeName } from '../../../engine/text/names.ts'

/** Names of what can run code when it is opened: programs, scripts, shortcuts, installers, disk images, pages, documents with macros. */
const extensions = new Set(
  (
    'exe com scr pif cpl msc msi msp msix appx bat cmd ps1 psm1 vb vbs vbe js mjs cjs jse ws wsf wsh hta chm hlp lnk url website webloc scf inf reg ' +
    'application appref-ms gadget settingcontent-ms library-ms search-ms searchconnector-ms theme themepack diagcab dll sys ocx drv xll rdp ' +
    'desktop directory service sh bash zsh csh ksh fish run bin out elf so appimage deb rpm apk flatpak flatpakref flatpakrepo snap ' +
    'command tool workflow action scpt scptd applescript osascript terminal app pkg mpkg dmg dylib kext prefpane saver ' +
    'py pyw pyc pyz pl rb php lua tcl jar jnlp class iso img vhd vhdx vmdk toast cdr ' +
    'html htm xhtml xht shtml mht mhtml svg svgz swf docm dotm xlsm xltm xlam xlsb pptm potm ppam ppsm sldm accdb accde mdb mde one iqy slk'
  ).split(' '),
)

/** True if a file of this name can run code when it is opened. The name counts as it is stored on this computer. */
export function runsByName(name: string): boolean {
  // Windows ignores dots and spaces at the end.
  return [safeName(name), name.replace(/[. ]+$/, '')].some((one) => extensions.has(extname(one).slice(1).toLowerCase()))
}

/** How the files of programs begin: Windows, Linux, macOS, Java, Android, WebAssembly, shortcuts. */
const beginnings = [
  [0x4d, 0x5a],
  [0x7f, 0x45, 0x4c, 0x46],
  [0xfe, 0xed, 0xfa, 0xce],
  [0xfe, 0xed, 0xfa, 0xcf],
  [0xce, 0xfa, 0xed, 0xfe],
  [0xcf, 0xfa, 0xed, 0xfe],
  [0xca, 0xfe, 0xba, 0xbe],
  [0xbe, 0xba, 0xfe, 0xca],
  [0x00, 0x61, 0x73, 0x6d],
  [0x64, 0x65, 0x78, 0x0a],
  [0x4c, 0x00, 0x00, 0x00, 0x01, 0x14, 0x02, 0x00],
]
/** How scripts, pages and shortcuts begin, after blanks and a byte order mark. */
const words =
  /^\s*(?:#!|\[(?:desktop entry|internetshortcut|\{000214a0)|<(?:!doctype html|html|head|body|script|svg|\?php|job|package)\b|<\?xml[^>]*>\s*(?:<!--.*?-->\s*)*<(?:!doctype (?:html|svg)|html|svg|scriptlet)\b|@echo\b)/is
/** Old Office documents and installers share a container; only these names are documents. */
const containers = new Set(['doc', 'dot', 'xls', 'xlt', 'ppt', 'pot', 'pps', 'msg', 'vsd', 'pub', 'wps'])
const containerBeginning = [0xd0, 0xcf, 0x11, 0xe0]

/** How much of a file `runsByContent` looks at. */
export const headBytes = 4096

/** True if a file can run code whatever its name says. `head` is its first bytes. */
export function runsByContent(name: string, head: Buffer): boolean {
  const begins = (bytes: readonly number[]) => bytes.every((byte, at) => head[at] === byte)
  if (beginnings.some(begins)) return true
  if (begins(containerBeginning)) return !containers.has(extname(safeName(name)).slice(1).toLowerCase())
  // A Java program is a zip whose first entries are these.
  if (begins([0x50, 0x4b]) && /META-INF\/|AndroidManifest\.xml/.test(head.subarray(0, 512).toString('latin1')))
    return true
  return words.test(textOf(head))
}

function textOf(head: Buffer): string {
  if (head[0] === 0xff && head[1] === 0xfe) return head.subarray(2).toString('utf16le')
  if (head[0] === 0xfe && head[1] === 0xff) {
    const even = Buffer.from(head.subarray(2, 2 + Math.floor((head.length - 2) / 2) * 2))
    return even.swap16().toString('utf16le')
  }
  return head.toString('utf8').replace(/^\ufeff/, '')
}
