/**
 * Where the program of a thread is: beside the file that starts it, as TypeScript in the source tree and as a bundle of its own
 * (`<name>.mjs`) in a build.
 */
export function threadUrl(name: string, from: string): URL {
  return new URL(`./${name}.${from.endsWith('.ts') ? 'ts' : 'mjs'}`, from)
}
