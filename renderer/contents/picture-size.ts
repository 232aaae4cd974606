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
  if (width * height > limit || Math.max(width, height) > maxSide) throw new LookError('hugePicture')
  return orientation > 4 ? { width: height, height: width } : { width, height }
}

const risky = /<!ENTITY|<(?:\w+:)?(?:use|filter|pattern|foreignObject|image|feImage|animate\w*|set)\b/i

/** True for a drawing that is simple enough to be drawn: without what can multiply itself or load something. */
export function isPlainDrawing(source: string): boolean {
  return /<(?:\w+:)?svg[\s>]/i.test(source) && !risky.test(source)
}
