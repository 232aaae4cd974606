import { createIntl, createIntlCache } from '@formatjs/intl'
import { en } from './en.ts'

export type MessageId = keyof typeof en
type Values = Record<string, string | number>

const intl = createIntl({ locale: 'en', messages: en }, createIntlCache())

/** A sentence or word of the catalogue, in the person's language, with its values put in. */
export function say(id: MessageId, values?: Values): string {
  // Built, a sentence with values is a parsed form, and any other only its words.
  const message: unknown = en[id]
  if (typeof message === 'string' && !message.includes('{')) return message
  return intl.formatMessage({ id }, values)
}

/** A sentence with one value that stands out: what is before it, the value, what is behind it. */
export function sayAround(
  id: MessageId,
  name: string,
  value: string,
): { before: string; value: string; after: string } {
  const mark = '\u0002'
  const [before = '', , after = ''] = say(id, { [name]: mark + mark }).split(mark)
  return { before, value, after }
}
