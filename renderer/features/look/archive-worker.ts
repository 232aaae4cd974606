import { LookError, type LookProblem, readContent } from '../../contents/content.ts'
import { type ArchiveList, listArchive } from './archive/list-archive.ts'

export interface ArchiveRequest {
  url: string
  name: string
  sizeBytes: number
}

export type ArchiveAnswer = ArchiveList | { problem: LookProblem }

// The list is parsed apart from the page. Nothing is unpacked but lists, and the beginning of packed tars.
addEventListener('message', async ({ data: { url, ...file } }: MessageEvent<ArchiveRequest>) => {
  const answer: Promise<ArchiveAnswer> = listArchive({ ...file, readRange: (from, to) => readContent(url, from, to) })
  postMessage(
    await answer.catch((error: unknown) => ({
      problem: error instanceof LookError ? error.problem : ('brokenArchive' as const),
    })),
  )
})
