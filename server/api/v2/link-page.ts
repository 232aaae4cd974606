import { sendPage, toHtml } from '../html-page.ts'
import { ApiError } from './error.ts'
import type { OpenCall } from './method.ts'

/**
 * A page on which the person lets a device sign in: with the code that the device shows, and one that the app shows. It needs no script.
 * Pages of other origins cannot use it.
 */
export async function approvalPage(call: OpenCall): Promise<null> {
  const { request, params, cores } = call
  requireSameOrigin(call)
  const code = params.text('code') ?? ''
  const seconds = Math.ceil(call.pauseMs() / 1000)
  if (seconds > 0) return send(call, 429, `<p role="alert">Too many wrong codes. Try again in ${seconds} seconds.</p>`)
  if (request.method !== 'POST') return form(call, { code, problem: null })
  if (cores.deviceCodes.find(code) === null) {
    call.noteFailure()
    return form(call, { code: '', problem: 'There is no such code of a device, or it has expired.' })
  }
  const userId = cores.deviceCodes.checkProof(params.text('proof') ?? '')
  if (userId === null) {
    call.noteFailure()
    return form(call, { code, problem: 'The code of the app is wrong or has expired. Get a new one in Putdesk.' })
  }
  const device = cores.deviceCodes.approve(code, userId)
  if (device === null) return form(call, { code: '', problem: 'The code of the device has expired.' })
  const user = cores.users.find(({ account }) => account.userId === userId)?.account.userName ?? ''
  return send(call, 200, `<p>“${toHtml(device.name)}” is signed in as “${toHtml(user)}”. You can close this page.</p>`)
}

/** Source: Fetch §3.1, Fetch Metadata §2. */
function requireSameOrigin({ request, base }: OpenCall): void {
  const { origin } = request.headers
  const site = request.headers['sec-fetch-site']
  const isOwn = origin === undefined || origin === new URL(base).origin
  if (!isOwn || (site !== undefined && site !== 'none' && site !== 'same-origin'))
    throw new ApiError(403, 'Forbidden', 'Open this page from the address bar: other pages may not use it.')
}

function form(call: OpenCall, { code, problem }: { code: string; problem: string | null }): null {
  const device = code === '' ? null : call.cores.deviceCodes.find(code)
  if (code !== '' && device === null) call.noteFailure()
  const asks = device === null ? 'A device' : `“${toHtml(device.name)}”`
  const status = problem === null ? 200 : 400
  return send(
    call,
    status,
    `${problem === null ? '' : `<p role="alert">${toHtml(problem)}</p>`}
<p>${asks} wants to sign in to Putdesk on this computer, and will be able to read, change and delete all files.</p>
<form method="post" action="/link">
<label>The code that the device shows
<input name="code" value="${toHtml(code)}" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="20" required></label>
<label>The code that Putdesk shows: in the menu of the account, choose “Let a device sign in…”
<input name="proof" inputmode="numeric" autocomplete="one-time-code" maxlength="10" required autofocus></label>
<button>Sign in the device</button>
</form>`,
  )
}

function send({ response }: OpenCall, status: number, content: string): null {
  sendPage(response, status, { title: 'Sign in a device', content, style, hasForm: true })
  return null
}

const style = `label { display: block; margin: 1rem 0 }
input { display: block; width: 100%; box-sizing: border-box; font: inherit; font-family: ui-monospace, monospace; padding: .5rem }
button { font: inherit; padding: .5rem 1rem }`
