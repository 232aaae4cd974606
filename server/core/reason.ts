import { FetchError, translateFault } from '../../engine/fetch-error.ts'
import { GateError } from '../../engine/gate.ts'
import { Refusal } from './refusal.ts'

/** What went wrong, in a sentence for the person; null for a fault of the program, which belongs in the log. */
export function reasonOf(fault: unknown): string | null {
  const translated = translateFault(fault, 'The server')
  const hasSentence =
    translated instanceof Refusal || translated instanceof FetchError || translated instanceof GateError
  return hasSentence ? translated.message : null
}
