import { createIntl, createIntlCache } from '@formatjs/intl'
import { en } from './en.ts'

export type MessageId = keyof typeof en
type Values = Record<string, string | number>

const intl = createIntl({ locale: 'en', messages: en }, createIntlCache())

/** Formats a message of the catalogue with its values. */
export function say(id: MessageId, values?: Values): string {
  // The build parses messages with placeholders; all others stay plain strings.
  const message: unknown = en[id]
  if (typeof message === 'string' && !message.includes('{')) return message
  return intl.formatMessage({ id }, values)
}

/** Splits a message around one value, so that the value can be emphasized. */
export function sayAround(
  id: MessageId,
  name: string,
  value: string,
): { before: string; value: string; after: string } {
  const mark = '\u0002'
  const [before = '', , after = ''] = say(id, { [name]: mark + mark }).split(mark)
  return { before, value, after }
}
