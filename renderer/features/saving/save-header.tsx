import { Pause, Play, RotateCw } from 'lucide-react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'

/** Acts on everything in the list: pause, resume, and clear what is finished. */
export function SaveHeader() {
  const saves = useApp((state) => state.saves)
  const pause = useApp((state) => state.pauseSaves)
  const resume = useApp((state) => state.resumeSaves)
  const remove = useApp((state) => state.removeSaves)
  const idsOf = (...statuses: string[]) =>
    [...saves.values()].filter(({ status }) => statuses.includes(status)).map(({ id }) => id)
  const running = idsOf('waiting', 'listing', 'saving')
  const paused = idsOf('paused')
  const failed = idsOf('error')
  const saved = idsOf('saved')
  return (
    <>
      {running.length > 0 ? (
        <Button look="pill" onClick={() => void pause(running)}>
          <Icon of={Pause} size={13} />
          {say('saves.pauseAll')}
        </Button>
      ) : null}
      {paused.length > 0 ? (
        <Button look="pill" onClick={() => void resume(paused)}>
          <Icon of={Play} size={13} />
          {say('saves.resumeAll')}
        </Button>
      ) : null}
      {failed.length > 0 ? (
        <Button look="pill" onClick={() => void resume(failed)}>
          <Icon of={RotateCw} size={13} />
          {say('saves.retryFailed', { count: failed.length })}
        </Button>
      ) : null}
      {saved.length > 0 ? (
        <Button look="pill" onClick={() => void remove(saved)}>
          {say('saves.clear')}
        </Button>
      ) : null}
    </>
  )
}
