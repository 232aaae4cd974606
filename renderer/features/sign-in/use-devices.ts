import { useEffect, useState } from 'react'
import type { Device, DeviceCode } from '../../../shared/device.ts'
import { sentenceOf } from '../../store/sentence.ts'
import { useAppStore } from '../../store/use-app.ts'

const everyMs = 2000

interface Devices {
  /** Null until it is known, as the devices are. */
  code: DeviceCode | null
  devices: readonly Device[] | null
  problem: string | null
  signOut(device: Device): void
}

/** The devices that are signed in to an account, and a code for one more. There is a new one when it has been used or has expired. */
export function useDevices(accountId: string): Devices {
  const store = useAppStore()
  const [code, setCode] = useState<DeviceCode | null>(null)
  const [devices, setDevices] = useState<readonly Device[] | null>(null)
  const [problem, setProblem] = useState<string | null>(null)

  useEffect(() => {
    const { newDeviceCode, listDevices } = store.getState()
    let isOver = false
    async function follow() {
      let known: ReadonlySet<number> | null = null
      let shown: DeviceCode | null = null
      while (!isOver) {
        try {
          const listed = await listDevices(accountId)
          const before: ReadonlySet<number> = known ?? new Set(listed.map(({ id }) => id))
          const isUsed = listed.some(({ id }) => !before.has(id))
          known = new Set(listed.map(({ id }) => id))
          if (isOver) return
          setDevices(listed)
          if (shown === null || isUsed || shown.endsAtMs <= Date.now()) shown = await newDeviceCode(accountId)
          setCode(shown)
          setProblem(null)
        } catch (error) {
          setProblem(sentenceOf(error))
        }
        await new Promise((resolve) => setTimeout(resolve, everyMs))
      }
    }
    void follow()
    return () => {
      isOver = true
    }
  }, [store, accountId])

  async function signOut(device: Device) {
    try {
      await store.getState().signOutDevice(accountId, device)
      setDevices((shown) => shown?.filter(({ id }) => id !== device.id) ?? null)
    } catch (error) {
      setProblem(sentenceOf(error))
    }
  }

  return { code, devices, problem, signOut: (device) => void signOut(device) }
}
