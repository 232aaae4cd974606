import { createServer } from 'node:http'
import { createInterface } from 'node:readline'

// A minimal Node server: reads each request, and answers with the bytes given in its one command.

createInterface(process.stdin).once('line', (line) => {
  const { body }: { body: string } = JSON.parse(line)
  const bytes = Buffer.from(body)
  const server = createServer((request, response) => {
    request.resume()
    request.once('end', () => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length })
      response.end(bytes)
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    process.stdout.write(`${JSON.stringify({ port })}\n`)
  })
})
