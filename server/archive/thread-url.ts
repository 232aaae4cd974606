/**
 * The URL of a thread's program: next to the file that starts it, as TypeScript in the source tree and as a separate bundle
 * (`<name>.mjs`) in a build.
 */
export function threadUrl(name: string, from: string): URL {
  return new URL(`./${name}.${from.endsWith('.ts') ? 'ts' : 'mjs'}`, from)
}
