import { LookError, readContent } from './content.ts'
import { pictureSize } from './picture-size.ts'
import { encodeThumbnail, fitInside } from './thumbnail-size.ts'

export interface ThumbnailRequest {
  url: string
  sizeBytes: number
}

/** The thumbnail as WebP; null if none can be made of the file; `unreadable` if that is not known. */
export type ThumbnailAnswer = Uint8Array<ArrayBuffer> | null | 'unreadable'

// Decodes a picture apart from the page, so that scrolling goes on.
addEventListener('message', async ({ data: { url, sizeBytes } }: MessageEvent<ThumbnailRequest>) => {
  const failed = (error: unknown) =>
    error instanceof LookError && error.problem === 'unreadable' ? ('unreadable' as const) : null
  postMessage(await make(url, sizeBytes).catch(failed))
})

async function make(url: string, sizeBytes: number): Promise<ThumbnailAnswer> {
  const bytes = await readContent(url, 0, sizeBytes)
  // Refuses what is too large to decode.
  const size = fitInside(pictureSize(bytes))
  const picture = await createImageBitmap(new Blob([bytes]), {
    resizeWidth: size.width,
    resizeHeight: size.height,
    resizeQuality: 'medium',
  })
  return encodeThumbnail(picture)
}
