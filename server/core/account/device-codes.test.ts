import { describe, expect, it } from 'vitest'
import { createDeviceCodes } from './device-codes.ts'

const device = { app: '7', name: 'A television' }
function codes() {
  let nowMs = 0
  const made = createDeviceCodes(() => nowMs)
  return {
    ...made,
    pass: (ms: number) => {
      nowMs += ms
    },
    issued: () => made.issue(device) ?? '',
  }
}

describe('the code of a device', () => {
  it('leads to a user once, and only after that user has approved it', () => {
    const { issued, take, approve } = codes()
    const code = issued()
    expect(code).toMatch(/^[A-HJ-NP-Z2-9]{8}$/)
    expect([take(code), approve(code, 3), approve(code, 4), take(code), take(code)]).toEqual([
      ...[null, device, null, { userId: 3, device }, undefined],
    ])
  })

  it('is found as people type it, and not after a quarter of an hour', () => {
    const { issued, find, pass } = codes()
    const code = issued()
    expect(find(` ${code.slice(0, 4).toLowerCase()}-${code.slice(4)} `)).toEqual(device)
    expect(find(`${code}A`)).toBe(null)
    pass(15 * 60_000)
    expect(find(code)).toBe(null)
  })

  it('is not given to more than two hundred devices at once, whose codes are all different', () => {
    const { issue, pass } = codes()
    const given = Array.from({ length: 205 }, () => issue(device))
    expect(new Set(given).size).toBe(201)
    expect(given.slice(200)).toEqual([null, null, null, null, null])
    pass(15 * 60_000)
    expect(issue(device)).not.toBe(null)
  })
})

describe('the proof that someone is at the app', () => {
  it('counts once, and only the newest', () => {
    const { prove, checkProof } = codes()
    const older = prove(3).code
    const { code, seconds } = prove(3)
    expect([code, seconds]).toEqual([expect.stringMatching(/^\d{6}$/), 300])
    if (older !== code) expect(checkProof(older)).toBe(null)
    expect([checkProof(` ${code.slice(0, 3)} ${code.slice(3)}`), checkProof(code)]).toEqual([3, null])
  })

  it.each(['', '12345', '1234567', 'é23456', '0000000'])('is not “%s”', (text) => {
    const { prove, checkProof } = codes()
    prove(3)
    expect(checkProof(text)).toBe(null)
  })

  it('is void after five wrong ones, and after five minutes', () => {
    const { prove, checkProof, pass } = codes()
    const wrong = (code: string) => (code === '000000' ? '000001' : '000000')
    const first = prove(3).code
    for (let n = 0; n < 5; n++) checkProof(wrong(first))
    expect(checkProof(first)).toBe(null)
    const second = prove(3).code
    for (let n = 0; n < 4; n++) checkProof(wrong(second))
    expect(checkProof(second)).toBe(3)
    const third = prove(3).code
    pass(5 * 60_000)
    expect(checkProof(third)).toBe(null)
  })
})
