import { ChevronDown, ChevronRight } from 'lucide-react'
import { useId, useState } from 'react'
import { Icon } from '../../parts/icon.tsx'
import { say } from '../../words/say.ts'
import { AppIdField } from './app-id-field.tsx'
import { addressNames, type TypedAddresses } from './own-service.ts'
import styles from './sign-in.module.css'

interface Props {
  typed: TypedAddresses
  onChange(typed: TypedAddresses): void
}

/** The number of this app at Put.io, and the addresses of another service. Closed until the person wants them. */
export function Advanced({ typed, onChange }: Props) {
  const id = useId()
  const [isOpen, setOpen] = useState(typed.api !== '')
  return (
    <div className={styles.advanced}>
      <button
        type="button"
        className={styles.disclosure}
        aria-expanded={isOpen}
        aria-controls={`${id}-fields`}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon of={isOpen ? ChevronDown : ChevronRight} />
        {say('advanced.title')}
      </button>
      <div id={`${id}-fields`} className={styles.advancedFields} hidden={!isOpen}>
        <AppIdField />
        <fieldset className={styles.own}>
          <legend>{say('own.title')}</legend>
          {addressNames.map((name) => (
            <div key={name} className={name === 'api' ? styles.wideField : styles.field}>
              <label htmlFor={`${id}-${name}`}>{say(`own.${name}`)}</label>
              <input
                id={`${id}-${name}`}
                className={styles.input}
                inputMode="url"
                maxLength={2048}
                spellCheck={false}
                autoComplete="off"
                placeholder={say(name === 'api' ? 'own.apiHint' : 'own.sameHint')}
                value={typed[name]}
                onChange={(event) => onChange({ ...typed, [name]: event.target.value })}
              />
            </div>
          ))}
        </fieldset>
      </div>
    </div>
  )
}
