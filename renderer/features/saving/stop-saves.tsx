import type { SaveId } from '../../../shared/save.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'

/** Asks before several saves are stopped, because what is there of them is deleted. */
export function StopSaves({ saveIds }: { saveIds: readonly SaveId[] }) {
  const { close, saves, removeSaves } = useAppStore().getState()
  const unfinished = saveIds.flatMap((id) => {
    const save = saves.get(id)
    return save === undefined || save.status === 'saved' ? [] : [save]
  })
  const count = unfinished.length
  return (
    <Confirm
      title={say('saves.stopTitle', { count })}
      names={unfinished.map(({ name }) => name)}
      body={say('saves.stopBody')}
      action={say('saves.stopDo', { count })}
      keep={say('saves.stopKeep')}
      onAction={() => void removeSaves(saveIds)}
      onClose={close}
    />
  )
}
