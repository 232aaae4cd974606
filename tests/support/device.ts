const json = async (url: string): Promise<Record<string, unknown>> => Object(await (await fetch(url)).json())

/** Signs a device in on the page of a service, with a code of the app. Returns its token; null if the code was refused. */
export async function signInDevice(page: string, proof: string): Promise<string | null> {
  const api = new URL(page).origin
  const { code } = await json(`${api}/v2/oauth2/oob/code?app_id=1&client_name=A%20television`)
  const body = new URLSearchParams({ code: `${code}`, proof })
  await fetch(page, { method: 'POST', headers: { origin: api, 'sec-fetch-site': 'same-origin' }, body })
  const { oauth_token: token } = await json(`${api}/v2/oauth2/oob/code/${code}`)
  return typeof token === 'string' ? token : null
}
