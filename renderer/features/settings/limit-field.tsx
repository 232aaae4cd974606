import { say } from '../../words/say.ts'
import { NumberField } from './number-field.tsx'
import { parseLimit } from './parse-limit.ts'

interface Props {
  label: string
  bytesPerSecond: number | null
  onChange(bytesPerSecond: number | null): void
}

/** A speed limit in kB/s; empty means no limit. */
export function LimitField({ label, bytesPerSecond, onChange }: Props) {
  return (
    <NumberField
      label={label}
      shown={bytesPerSecond === null ? '' : `${bytesPerSecond / 1000}`}
      placeholder={say('settings.noLimit')}
      problem={say('settings.limitWrong')}
      parse={parseLimit}
      onChange={(limit) => {
        if (limit !== bytesPerSecond) onChange(limit)
      }}
    />
  )
}
