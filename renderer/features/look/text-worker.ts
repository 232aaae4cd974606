import { LookError, type LookProblem, readContent } from '../../contents/content.ts'
import { readText } from './read-text.ts'
import { maxTextBytes, type Text } from './text.ts'

export interface TextRequest {
  url: string
  sizeBytes: number
}

export type TextAnswer = { text: Text; isCut: boolean } | { problem: LookProblem }

// Reads the beginning of a text, apart from the page: decoding and splitting a megabyte takes a while.
addEventListener('message', async ({ data: { url, sizeBytes } }: MessageEvent<TextRequest>) => {
  const answer = await read(url, sizeBytes)
  postMessage(answer)
})

async function read(url: string, sizeBytes: number): Promise<TextAnswer> {
  try {
    const bytes = await readContent(url, 0, Math.min(sizeBytes, maxTextBytes))
    const isCut = sizeBytes > bytes.length
    const text = readText(bytes, isCut)
    return text === null ? { problem: 'notText' } : { text, isCut }
  } catch (error) {
    return { problem: error instanceof LookError ? error.problem : 'unreadable' }
  }
}
