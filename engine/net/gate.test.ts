import { describe, expect, it } from 'vitest'
import { createGate, GateError, isPublicAddress } from './gate.ts'

const gate = createGate({
  allowHosts: ['nas.local', '127.0.0.1'],
  resolve: async () => [{ address: '93.184.216.34', family: 4 }],
})

describe('isPublicAddress', () => {
  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.9.9.9',
    '169.254.169.254',
    '172.16.0.1',
    '192.168.1.1',
    '192.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001::1',
    'fc00::1',
    'fd00::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    '2001:db8::1',
    '100::1',
    '::7f00:1',
    'not an address',
  ])('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  it.each(['8.8.8.8', '93.184.216.34', '2606:4700::1111', '2a00:1450:4001:81c::200e'])('allows %s', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })
})

describe('the gate (S13)', () => {
  it.each([
    'http://10.0.0.1/',
    'http://2130706434/',
    'http://0x7f000002/',
    'http://0177.0.0.2/',
    'http://127.2/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[fe80::1]/',
    'ftp://127.0.0.2/x',
    'http://example.com:21/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'http://example.com:22/',
    'https://example.com:25/',
    'http://nas.local:6667/',
  ])('refuses %s', async (link) => {
    await expect(gate.check(new URL(link))).rejects.toBeInstanceOf(GateError)
  })

  it('allows a public host, and returns the addresses it checked', async () => {
    expect(await gate.check(new URL('https://example.com/x'))).toEqual([{ address: '93.184.216.34', family: 4 }])
  })

  it('refuses a name when any of its addresses is private', async () => {
    const mixed = createGate({
      allowHosts: [],
      resolve: async () => [
        { address: '93.184.216.34', family: 4 },
        { address: 'fd00::1', family: 6 },
      ],
    })
    await expect(mixed.check(new URL('http://mixed.example/'))).rejects.toThrow('private network')
  })

  it('resolves a name at every check, and so refuses one that becomes private later', async () => {
    const answers = ['93.184.216.34', '127.0.0.1']
    const rebinding = createGate({
      allowHosts: [],
      resolve: async () => [{ address: answers.shift() ?? '127.0.0.1', family: 4 }],
    })
    await rebinding.check(new URL('http://evil.example/'))
    await expect(rebinding.check(new URL('http://evil.example/'))).rejects.toThrow('private network')
  })

  it('allows ftp on its own ports', async () => {
    for (const link of ['ftp://example.com/x', 'ftps://example.com:990/x', 'ftp://example.com:2121/x']) {
      expect(await gate.check(new URL(link))).toEqual([{ address: '93.184.216.34', family: 4 }])
    }
  })

  it.each([
    { address: '10.0.0.1', port: 6881 },
    { address: '::1', port: 6881 },
    { address: '192.168.1.9', port: 6881, host: 'tracker.example' },
    { address: '8.8.8.8', port: 25 },
  ])('refuses a connection to $address:$port', (target) => {
    expect(() => gate.admit(target)).toThrow(GateError)
  })

  it.each([
    { address: '8.8.8.8', port: 6881 },
    { address: '127.0.0.1', port: 6881 },
    { address: '192.168.1.9', port: 6881, host: 'nas.local' },
  ])('admits a connection to $address:$port', (target) => {
    expect(() => gate.admit(target)).not.toThrow()
  })

  it('has no wildcard that allows everything', async () => {
    for (const word of ['*', '', '.', '0.0.0.0', '0.0.0.0/0', '::/0', '127.0.0.0/8', 'localhost']) {
      const narrow = createGate({ allowHosts: [word] })
      await expect(narrow.check(new URL('http://127.0.0.1/'))).rejects.toBeInstanceOf(GateError)
    }
  })

  it('allows listed hosts, compared as a whole, and only while they are listed', async () => {
    const inside = createGate({ allowHosts: [], resolve: async () => [{ address: '192.168.1.9', family: 4 }] })
    const url = new URL('http://nas.local/film.mkv')
    await expect(inside.check(url)).rejects.toThrow('private network')
    inside.allow(['NAS.local'])
    expect(await inside.check(url)).toEqual([{ address: '192.168.1.9', family: 4 }])
    await expect(inside.check(new URL('http://my.nas.local/'))).rejects.toThrow('private network')
    inside.allow([])
    await expect(inside.check(url)).rejects.toThrow('private network')
  })
})
