import { useState } from 'react'
import type { Account, AccountId } from '../../../shared/account.ts'
import { Dialog } from '../../parts/dialog.tsx'
import type { DialogState } from '../../store/ui.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { DoorList } from './door-list.tsx'
import { PutioSignIn } from './putio-sign-in.tsx'
import { ServerForm } from './server-form.tsx'

/** Adds an account, through the door that the person chooses, or signs in to one again. */
export function SignInDialog({
  given: { accountId, door: first },
}: {
  given: Extract<DialogState, { kind: 'sign-in' }>
}) {
  const { close, goTo } = useAppStore().getState()
  const account = useApp((state) => state.accounts?.find(({ id }) => id === accountId) ?? null)
  const [chosen, setDoor] = useState(first)
  const door = account === null ? chosen : doorOf(account)

  function done(id: AccountId) {
    close()
    // Whoever adds an account wants to see it.
    if (accountId === null) goTo(id, 0)
  }

  const form = { account, onDone: done, onCancel: close }
  return (
    <Dialog title={account === null ? titleOf(door) : say('signIn.again', { name: account.name })} onClose={close}>
      {door === null ? <DoorList onChoose={setDoor} onDone={done} /> : null}
      {door === 'putio' ? <PutioSignIn {...form} /> : null}
      {door === 'server' ? <ServerForm {...form} /> : null}
    </Dialog>
  )
}

function doorOf({ signsInWith }: Account): 'putio' | 'server' {
  return signsInWith === 'token' ? 'putio' : 'server'
}

function titleOf(door: 'putio' | 'server' | null): string {
  if (door === null) return say('signIn.add')
  return say(door === 'putio' ? 'signIn.putio' : 'signIn.title')
}
