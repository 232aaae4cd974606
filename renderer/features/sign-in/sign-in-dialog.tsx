import { HardDrive } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { sentenceOf } from '../../store/sentence.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { ServerForm } from './server-form.tsx'
import styles from './sign-in.module.css'

/** Adds an account, or signs in to one again. */
export function SignInDialog({ accountId }: { accountId: string | null }) {
  const { close, addThisComputer } = useAppStore().getState()
  const account = useApp((state) => state.accounts?.find(({ id }) => id === accountId) ?? null)
  const hasThisComputer = useApp((state) => state.accounts?.some(({ kind }) => kind === 'this-computer') ?? false)
  const isUnavailable = useApp((state) => state.service.state === 'unavailable')
  const [problem, setProblem] = useState<string | null>(null)

  async function addHere() {
    try {
      await addThisComputer()
      close()
    } catch (error) {
      setProblem(sentenceOf(error))
    }
  }

  return (
    <Dialog
      title={account === null ? say('signIn.title') : say('signIn.again', { name: account.name })}
      onClose={close}
      aside={
        accountId !== null || hasThisComputer || isUnavailable ? null : (
          <Button look="quiet" onClick={() => void addHere()}>
            <Icon of={HardDrive} />
            {say('welcome.hereDo')}
          </Button>
        )
      }
    >
      {problem === null ? null : (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      <ServerForm account={account} onDone={close} onCancel={close} />
    </Dialog>
  )
}
