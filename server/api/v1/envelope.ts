/** An answer of API v1, before it is written. */
export interface Answer {
  status: number
  body: Record<string, unknown>
}

/** Who the answer is for. */
export interface Signer {
  userName: string
  userId: number
}

/** Source: API v1 §2.3. `total` is the number of results, and left out where they are an object. */
export function success(results: unknown[] | Record<string, unknown>, { userName, userId }: Signer): Answer {
  const response = Array.isArray(results) ? { total: results.length, results } : { results }
  return {
    status: 200,
    body: { response, error: false, error_message: null, user_name: userName, id: userId, user_id: userId },
  }
}

/** Source: API v1 §13. */
export function failure(sentence: string, signer: Signer | null, status = 200): Answer {
  const id = signer?.userId ?? null
  return {
    status,
    body: {
      response: { total: 0, results: [] },
      error: true,
      error_message: sentence,
      user_name: signer?.userName ?? null,
      id,
      user_id: id,
    },
  }
}

/** Wrong or missing credentials: the very answer of Put.io, at HTTP 200. Source: API v1 §3. */
export const loginFailure: Answer = {
  status: 200,
  body: {
    error_message: 'Unable to login. Please check your info.',
    user_id: null,
    response: { results: [{ user_name: null, user_id: null }] },
    error: true,
    user_name: null,
    id: null,
  },
}

/** Writes an answer as compact ASCII JSON, inside a call where one was asked for. Source: API v1 §1.5. */
export function write(answer: Answer, callback: string | null): { contentType: string; text: string } {
  const json = JSON.stringify(answer.body).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return callback === null
    ? { contentType: 'application/json', text: json }
    : { contentType: 'text/javascript', text: `${callback}(${json});` }
}
