import { expect, it } from 'vitest'
import { capabilityNames, noCapabilities } from '../../shared/capabilities.ts'
import { canBeShared, offerIn } from './offers.ts'

it('offers what an account can do, and hides or explains everything else', () => {
  const able = Object.fromEntries(capabilityNames.map((name) => [name, true])) as typeof noCapabilities
  for (const name of capabilityNames) {
    expect(offerIn({ name: 'mary', capabilities: able }, name)).toEqual({ isShown: true, disabledBecause: null })
    const lacking = offerIn({ name: 'mary', capabilities: noCapabilities }, name)
    expect(lacking.isShown).toBe(lacking.disabledBecause !== null)
    expect(lacking.disabledBecause ?? '“mary”').toContain('“mary”')
    expect(offerIn(null, name)).toEqual({ isShown: false, disabledBecause: null })
  }
  for (const name of ['canShare', 'canLinkPublicly'] as const)
    expect(canBeShared({ name: 'mary', capabilities: { ...noCapabilities, [name]: true } })).toBe(true)
  expect([canBeShared({ name: 'mary', capabilities: noCapabilities }), canBeShared(null)]).toEqual([false, false])
  expect(offerIn({ name: 'mary', capabilities: noCapabilities }, 'canCopy').isShown).toBe(true)
  expect(offerIn({ name: 'mary', capabilities: noCapabilities }, 'hasTrash').isShown).toBe(false)
})
