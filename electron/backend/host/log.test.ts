import { expect, it } from 'vitest'
import { AppError } from '../../../shared/errors.ts'
import { Secrets } from '../secrets/secrets.ts'
import { createLog } from './log.ts'

it('writes no secret, token or capability, wherever it appears in a chain of causes', () => {
  const lines: string[] = []
  const secrets = new Secrets()
  const log = createLog((line) => lines.push(line), secrets)
  secrets.add('open-sesame-77')
  const cause = new Error(
    'GET http://x/stream-file/1/2/atk/bebe56e6b3455440f90bf9dec14b7c6be814c7c0 with open-sesame-77',
  )
  log.error(
    'play',
    new AppError('unreachable', 'No answer from http://127.0.0.1:4/s/0123456789abcdef0123456789abcdef/a.mp4', {
      cause,
    }),
  )
  log.info('http://x/?token=bebe56e6b3455440&x=1')
  const text = lines.join('\n')
  expect(text).toContain('/atk/•••')
  expect(text).toContain('No answer')
  expect(text).not.toMatch(/open-sesame|bebe56|0123456789abcdef/)
})
