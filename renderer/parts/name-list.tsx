import { say } from '../words/say.ts'
import { visibleName } from '../words/visible-name.ts'
import styles from './name-list.module.css'

const maxNames = 5

/** The first few names of a list, and how many more there are. */
export function NameList({ names }: { names: readonly string[] }) {
  const shown = names.length > maxNames + 1 ? names.slice(0, maxNames) : names
  const more = names.length - shown.length
  return (
    <ul className={styles.names}>
      {shown.map((name, at) => (
        <li key={keyOf(shown, at)}>
          <bdi>{visibleName(name)}</bdi>
        </li>
      ))}
      {more > 0 ? <li>{say('names.more', { count: more })}</li> : null}
    </ul>
  )
}

/** Two items in different folders can have the same name. */
function keyOf(names: readonly string[], at: number): string {
  const name = names[at] ?? ''
  return `${names.slice(0, at).filter((other) => other === name).length} ${name}`
}
