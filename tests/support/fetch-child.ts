import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fetchToPart } from '../../engine/fetch/fetch.ts'
import { createGate } from '../../engine/net/gate.ts'
import { bootId } from '../../engine/part/boot-id.ts'
import type { ResumeRecord } from '../../engine/resume.ts'

// A program of its own that fetches one link, as the service does, so that it can be killed and its system calls can be made to
// fail. It takes one JSON argument, keeps its record in a file, and prints each event on standard output as a line of JSON.

const [, , told = '{}'] = process.argv
const { link, partPath, recordPath, pollMs, ...more }: Told = JSON.parse(told)

interface Told {
  link: string
  partPath: string
  recordPath: string
  pollMs?: number
  stallMs?: number
  maxConnections?: number
}

function readRecord(): ResumeRecord | null {
  try {
    return JSON.parse(readFileSync(recordPath, 'utf8'))
  } catch {
    return null
  }
}

const say = (what: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(what)}\n`)
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, pollMs ?? ms))

try {
  const { sizeBytes } = await fetchToPart({
    link,
    partPath,
    gate: createGate({ allowHosts: ['127.0.0.1', 'localhost'] }),
    signal: new AbortController().signal,
    resume: readRecord(),
    bootId: bootId(),
    onCheckpoint: (record) => {
      writeFileSync(`${recordPath}.new`, JSON.stringify(record))
      renameSync(`${recordPath}.new`, recordPath)
    },
    onTrouble: (trouble) => {
      say({ trouble })
    },
    sleep,
    ...more,
  })
  say({ sizeBytes })
} catch (error) {
  say({ error: error instanceof Error ? error.message : `${error}` })
}
