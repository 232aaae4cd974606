import type { FromSaver, SaveRequest } from '../../electron/saver/messages.ts'
import { Saver } from '../../electron/saver/saver.ts'
import type { ResumeRecord } from '../../engine/resume.ts'

// Saves one file in a process of its own, whose system calls can be made to fail. It takes a request as JSON, prints what the saver
// reports as lines of JSON, and tries again where the backend would.

const [, , told = '{}'] = process.argv
const request: Omit<SaveRequest, 'resume'> = JSON.parse(told)
const maxAttempts = 20
let attempts = 0
let resume: ResumeRecord | null = null

const saver = new Saver((message: FromSaver) => {
  if (message.kind === 'progress') return
  if (message.kind === 'record') {
    resume = message.record
    return
  }
  if (message.kind === 'placing') return saver.receive({ kind: 'place', id: request.id })
  process.stdout.write(`${JSON.stringify(message)}\n`)
  if (message.kind === 'failed' && (message.isPassing || message.isFolder) && attempts < maxAttempts) save()
})

function save(): void {
  attempts += 1
  saver.receive({ kind: 'save', request: { ...request, resume } })
}

save()
