import type { TakenName } from '../../../shared/save.ts'
import type { MessageId } from '../../words/say.ts'

interface ConflictWords {
  title: MessageId
  hint: MessageId | null
  skip: MessageId
  replace: MessageId
  /** Nothing is replaced as a whole. */
  isHarmless: boolean
}

/** The words of the question what to do with taken names. A folder is never replaced: its contents are merged. */
export function conflictWords(taken: readonly TakenName[]): ConflictWords {
  const folders = taken.filter(({ isFolder }) => isFolder).length
  if (folders === 0)
    return { title: 'saves.taken', hint: null, skip: 'saves.skip', replace: 'saves.replace', isHarmless: false }
  if (folders === taken.length)
    return {
      title: 'saves.takenFolders',
      hint: 'saves.mergeHint',
      skip: 'saves.addMissing',
      replace: 'saves.merge',
      isHarmless: true,
    }
  const title = 'saves.takenMixed'
  return { title, hint: 'saves.mixedHint', skip: 'saves.skip', replace: 'saves.replace', isHarmless: false }
}
