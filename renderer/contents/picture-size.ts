import { imageSize } from 'image-size'
import { LookError } from './content.ts'

const maxPixels = 80_000_000
/** Each frame of an animation takes memory of its own. */
const maxAnimatedPixels = 20_000_000
const maxSide = 32_000

/**
 * The size of a picture by its header, before it is decoded: a small file can claim to be so large that decoding it would take all
 * memory. Throws `brokenPicture` or `hugePicture`.
 */
export function pictureSize(head: Uint8Array): { width: number; height: number } {
  let found: ReturnType<typeof imageSize>
  try {
    found = imageSize(head)
  } catch (error) {
    throw new LookError('brokenPicture', { cause: error })
  }
  const { width, height, orientation = 1, type = '' } = found
  if (!(width > 0 && height > 0)) throw new LookError('brokenPicture')
  const limit = ['gif', 'webp'].includes(type) ? maxAnimatedPixels : maxPixels
  const frame = type === 'gif' ? firstFrame(head) : { width, height }
  if (Math.max(width * height, frame.width * frame.height) > limit || isTooLarge(width, height))
    throw new LookError('hugePicture')
  return orientation > 4 ? { width: height, height: width } : { width, height }
}

/** The size of a GIF's first frame, which may exceed what its header says. Source: GIF89a specification, sections 17 to 26. */
function firstFrame(gif: Uint8Array): { width: number; height: number } {
  const view = new DataView(gif.buffer, gif.byteOffset, gif.byteLength)
  const colors = gif[10] ?? 0
  let at = 13 + (colors & 0x80 ? 3 * 2 ** ((colors & 7) + 1) : 0)
  // Extensions may stand before it: a label, and blocks that begin with their length, up to an empty one.
  while (gif[at] === 0x21) {
    at += 2
    for (let length = gif[at] ?? 0; length > 0; length = gif[at] ?? 0) at += length + 1
    at += 1
  }
  if (gif[at] !== 0x2c || at + 9 > gif.length) throw new LookError('brokenPicture')
  return { width: view.getUint16(at + 5, true), height: view.getUint16(at + 7, true) }
}

export function isTooLarge(width: number, height: number): boolean {
  return width * height > maxPixels || Math.max(width, height) > maxSide
}

const risky = /<!ENTITY|<(?:\w+:)?(?:use|filter|pattern|foreignObject|image|feImage|animate\w*|set)\b/i

/** True for a drawing that is simple enough to be drawn: without what can multiply itself or load something. */
export function isPlainDrawing(source: string): boolean {
  return /<(?:\w+:)?svg[\s>]/i.test(source) && !risky.test(source)
}
