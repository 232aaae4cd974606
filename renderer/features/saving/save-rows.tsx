import { useMemo, useState } from 'react'
import type { SaveId } from '../../../shared/save.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { dragRows } from './drag-rows.ts'
import { moveOfSave } from './move.ts'
import { RowList, rowHeight } from './row-list.tsx'
import { SaveRow } from './save-row.tsx'
import type { RowActs } from './use-row-keys.ts'

/** What is saved here. What is not saved yet is dragged to another place; what is, out of the window. */
export function SaveRows() {
  const store = useAppStore()
  const saves = useApp((state) => state.saves)
  const list = useMemo(() => [...saves.values()], [saves])
  const moves = useMemo(() => list.map(moveOfSave), [list])
  const wanted = useApp((state) => state.wantedSave)
  const onFound = useApp((state) => state.foundWantedSave)
  const acts = useMemo((): RowActs => {
    const { showSave, openSave, pauseSaves, resumeSaves, removeSaves, moveSaves } = store.getState()
    return {
      enter: ({ id, status }, isCommand) => void (isCommand || status !== 'done' ? showSave : openSave)(id),
      pause: pauseSaves,
      resume: resumeSaves,
      remove: removeSaves,
      reorder: moveSaves,
    }
  }, [store])
  const [moving, setMoving] = useState<{ ids: ReadonlySet<SaveId>; place: number | null } | null>(null)
  const idsOf = (ids: ReadonlySet<SaveId>, isSaved: boolean) =>
    list.filter(({ id, status }) => ids.has(id) && (status === 'saved') === isSaved).map(({ id }) => id)

  return (
    <RowList
      label={say('saves.title')}
      empty={say('saves.empty')}
      moves={moves}
      acts={acts}
      wanted={wanted}
      onFound={onFound}
      onDoubleClick={({ id, status }) => {
        if (status === 'done') void store.getState().openSave(id)
      }}
      openMenu={(at, saveIds) => store.getState().openMenu({ kind: 'saves', ...at, saveIds })}
      drag={{
        moving,
        onPress: (event, scroller, ids, { status }) => {
          if (status === 'done') return
          const saveIds = new Set(idsOf(ids, false))
          dragRows(store, event, {
            ...{ scroller, rowHeight, saveIds },
            onPlace: (place) => setMoving({ ids: saveIds, place }),
            onEnd: () => setMoving(null),
          })
        },
        onDragOut: (ids) => void store.getState().dragSaves(idsOf(ids, true)),
      }}
      row={(place, index) => {
        const [save, move] = [list[index], moves[index]]
        return save === undefined || move === undefined ? null : (
          <SaveRow key={save.id} {...place} save={save} move={move} acts={acts} />
        )
      }}
    />
  )
}
