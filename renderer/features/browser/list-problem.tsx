import { TriangleAlert } from 'lucide-react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { shownFolder } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './file-list.module.css'

/** Says above a list why it is not up to date. */
export function ListProblem() {
  const problem = useApp((state) => shownFolder(state)?.problem ?? null)
  const isLoading = useApp((state) => shownFolder(state)?.isLoading ?? false)
  const refresh = useApp((state) => state.refresh)
  if (problem === null || isLoading) return null
  return (
    <div className={styles.problem} role="alert">
      <Icon of={TriangleAlert} size={16} />
      <p>{problem}</p>
      <Button onClick={refresh}>{say('action.retry')}</Button>
    </div>
  )
}
