import * as z from 'zod'
import { ItemId } from './item.ts'

/** How far a person has played an item. */
export const Playback = z.object({
  itemId: ItemId,
  /** The share that was played, 0 to 1; 0 while that is hardly anything, and once it was played to its end. */
  progress: z.number().min(0).max(1),
  /** Null if the player does not report it: the progress is then estimated from the bytes that it read. */
  durationSeconds: z.number().positive().nullable(),
  /** It was played to its end, or the person marked it. */
  isWatched: z.boolean(),
})
export type Playback = z.infer<typeof Playback>

/** From here on, the rest is credits. */
export const watchedFrom = 0.95
