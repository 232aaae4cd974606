import { Problem } from '../../parts/problem.tsx'
import { listProblem, shownFolder } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import styles from './file-list.module.css'

/** Says above a list why it is not up to date. */
export function ListProblem() {
  const problem = useApp((state) => listProblem(state, shownFolder(state)?.problem ?? null))
  const isLoading = useApp((state) => shownFolder(state)?.isLoading ?? false)
  const refresh = useApp((state) => state.refresh)
  if (isLoading) return null
  return <Problem sentence={problem} className={styles.problem} onRetry={refresh} />
}
