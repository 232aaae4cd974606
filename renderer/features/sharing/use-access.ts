import { useCallback, useEffect, useRef, useState } from 'react'
import type { Audience, ItemAccess } from '../../../shared/sharing.ts'
import { sentenceOf } from '../../store/sentence.ts'
import type { Shareable } from '../../store/sharing.ts'
import { useAppStore } from '../../store/use-app.ts'

interface Access {
  /** Null until it is known. What was chosen is shown at once. */
  access: ItemAccess | null
  problem: string | null
  /** True while something is being changed. */
  isBusy: boolean
  /** Asks again who can read it. */
  load(): void
  shareWith(audience: Audience): void
  makeLink(): void
  removeLink(): void
}

/** Who can read an item, and how that is changed. */
export function useAccess(accountId: string, item: Shareable): Access {
  const store = useAppStore()
  const [access, setAccess] = useState<ItemAccess | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [waiting, setWaiting] = useState(0)
  const last = useRef<Promise<void>>(Promise.resolve())
  const { id } = item

  const load = useCallback(
    (signal: AbortSignal) => {
      setProblem(null)
      store
        .getState()
        .accessTo(accountId, id, signal)
        .then(
          (found) => (signal.aborted ? undefined : setAccess(found)),
          (error: unknown) => (signal.aborted ? undefined : setProblem(sentenceOf(error))),
        )
    },
    [store, accountId, id],
  )
  useEffect(() => {
    const controller = new AbortController()
    load(controller.signal)
    return () => controller.abort()
  }, [load])

  const { accessTo, shareItem, makeLink, removeLink } = store.getState()

  /** One change after the other. After a failed one, what the service has is shown. */
  function change(work: () => Promise<void>) {
    setProblem(null)
    setWaiting((count) => count + 1)
    const attempt = async () => {
      try {
        await work()
      } catch (error) {
        setProblem(sentenceOf(error))
        const found = await accessTo(accountId, id, new AbortController().signal).catch(() => null)
        if (found !== null) setAccess(found)
      }
      setWaiting((count) => count - 1)
    }
    last.current = last.current.then(attempt)
  }

  const show = (changed: Partial<ItemAccess>) => setAccess((known) => known && { ...known, ...changed })
  return {
    access,
    problem,
    isBusy: waiting > 0,
    load: () => load(new AbortController().signal),
    shareWith: (after) => {
      if (access === null) return
      const before = access.audience
      show({ audience: after })
      change(() => shareItem(accountId, item, { before, after }))
    },
    makeLink: () => change(async () => show({ link: await makeLink(accountId, item) })),
    removeLink: () => {
      const linkId = access?.link?.id
      if (linkId === undefined) return
      change(async () => {
        await removeLink(accountId, item, linkId)
        show({ link: null })
      })
    },
  }
}
