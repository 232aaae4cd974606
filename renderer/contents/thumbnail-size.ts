const maxSide = 320

/** The size of a thumbnail: the same shape, and never larger than the picture. */
export function fitInside({ width, height }: { width: number; height: number }): { width: number; height: number } {
  const scale = Math.min(1, maxSide / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/** Encodes a picture of its final size as WebP. */
export async function encodeThumbnail(picture: ImageBitmap): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = new OffscreenCanvas(picture.width, picture.height)
  canvas.getContext('2d')?.drawImage(picture, 0, 0)
  picture.close()
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.8 })
  return new Uint8Array(await blob.arrayBuffer())
}
