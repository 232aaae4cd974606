import * as z from 'zod'

/** A file that the system drags, as far as the page where it is dropped is told of it. */
export const DraggedFile = z.object({
  name: z.string(),
  sizeBytes: z.number(),
  /** Whole milliseconds. */
  modifiedAtMs: z.number(),
})
export type DraggedFile = z.infer<typeof DraggedFile>
