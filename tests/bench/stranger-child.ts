import { createInterface } from 'node:readline'
import { rawPost, sendRaw } from '../support/raw-http.ts'

// A client without credentials: for each command it sends large bodies at once, and reports when all of them were answered.

interface Order {
  port: number
  count: number
  /** The filler of a body. */
  filler: string
  sizeBytes: number
}

createInterface(process.stdin).on('line', (line) => {
  const order: Order = JSON.parse(line)
  send(order).then(
    (result) => process.stdout.write(`${JSON.stringify(result)}\n`),
    (error) => process.stdout.write(`${JSON.stringify({ error: `${error}` })}\n`),
  )
})

async function send({ port, count, filler, sizeBytes }: Order) {
  const bytes = rawPost('/v1/user?method=info', Buffer.alloc(sizeBytes, filler, 'latin1'))
  const answers = await Promise.all(Array.from({ length: count }, () => sendRaw(port, bytes)))
  const refused = answers.filter(({ body }) => /Unable to login|Too many wrong keys/.test(body)).length
  if (refused < count) throw new Error(`${refused} of ${count} were refused as they should`)
  return { count }
}
