import { Agent, request } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'

// A client that makes the usual requests over persistent connections, and does nothing else. It starts when it is given an
// address; when told to stop, it reports its longest wait.

interface Order {
  port: number
  key: string
  secret: string
}

const methods = ['user/info', 'files/list', 'transfers/list']
const agent = new Agent({ keepAlive: true })
let isOver = false
let worst: Promise<number> = Promise.resolve(0)

createInterface(process.stdin).on('line', (line) => {
  obey(JSON.parse(line)).then(
    (result) => process.stdout.write(`${JSON.stringify(result)}\n`),
    (error) => process.stdout.write(`${JSON.stringify({ error: `${error}` })}\n`),
  )
})

async function obey(order: Order | { stop: true }): Promise<Record<string, number>> {
  if ('stop' in order) {
    isOver = true
    return { worstMs: await worst }
  }
  await Promise.all(methods.map((method) => ask(order, method)))
  worst = longestWait(order)
  return {}
}

async function longestWait(order: Order): Promise<number> {
  let worstMs = 0
  while (!isOver) {
    const startedAt = performance.now()
    await Promise.all(methods.map((method) => ask(order, method)))
    worstMs = Math.max(worstMs, performance.now() - startedAt)
    await wait(5)
  }
  return worstMs
}

function ask({ port, key, secret }: Order, method: string): Promise<void> {
  const body = new URLSearchParams({ request: JSON.stringify({ api_key: key, api_secret: secret, params: {} }) })
  const [resource, name] = method.split('/')
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const path = `/v1/${resource}?method=${name}`
    request({ port, host: '127.0.0.1', agent, method: 'POST', path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece
      })
      response.on('end', () => {
        if (JSON.parse(text).error === false) resolve()
        else reject(new Error(text))
      })
    })
      .on('error', reject)
      .end(`${body}`)
  })
}
