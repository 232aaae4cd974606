/**
 * The URL of a thread's script, next to the file that starts it: TypeScript in the source tree, a separate bundle (`<name>.mjs`) in a
 * build.
 */
export function threadUrl(name: string, from: string): URL {
  return new URL(`./${name}.${from.endsWith('.ts') ? 'ts' : 'mjs'}`, from)
}
