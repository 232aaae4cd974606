import { useMemo } from 'react'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { moveOfSend } from './move.ts'
import { RowList } from './row-list.tsx'
import { SendRow } from './send-row.tsx'
import type { RowActs } from './use-row-keys.ts'

/** What is sent up. */
export function SendRows() {
  const store = useAppStore()
  const sends = useApp((state) => state.sends)
  const list = useMemo(() => [...sends.values()], [sends])
  const moves = useMemo(() => list.map(moveOfSend), [list])
  const wanted = useApp((state) => state.wantedSend)
  const onFound = useApp((state) => state.foundWantedSend)
  const acts = useMemo((): RowActs => {
    const { showSend, pauseSends, resumeSends, removeSends } = store.getState()
    return {
      enter: ({ id }) => showSend(id),
      ...{ pause: pauseSends, resume: resumeSends, remove: removeSends, reorder: null },
    }
  }, [store])
  return (
    <RowList
      label={say('sends.title')}
      empty={say('sends.empty')}
      moves={moves}
      acts={acts}
      wanted={wanted}
      onFound={onFound}
      onDoubleClick={({ id }) => store.getState().showSend(id)}
      openMenu={(at, sendIds) => store.getState().openMenu({ kind: 'sends', ...at, sendIds })}
      drag={null}
      row={(place, index) => {
        const [send, move] = [list[index], moves[index]]
        return send === undefined || move === undefined ? null : (
          <SendRow key={send.id} {...place} send={send} move={move} acts={acts} />
        )
      }}
    />
  )
}
