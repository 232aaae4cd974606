import { Tokenizer } from 'htmlparser2'

const stepLength = 64 * 1024

export type Attributes = Readonly<Record<string, string>>

/** Receives the parts of a document in order; element and attribute names are in lower case, and entities are decoded. */
export interface MarkupReader {
  onOpen?: (name: string, attributes: Attributes) => void
  onText?: (text: string) => void
  onClose?: (name: string) => void
}

/**
 * Reads HTML of any quality, part by part. Open elements are not tracked: a parser that does so takes quadratic time for elements
 * that are never closed. Only HTML's own entities are known. Works in short steps that yield to others.
 */
export async function readMarkup(text: string, reader: MarkupReader): Promise<void> {
  for (const _ of steps(text, reader)) await new Promise((resolve) => setImmediate(resolve))
}

function* steps(text: string, { onOpen, onText, onClose }: MarkupReader): Generator<void> {
  let name = ''
  let attributeName = ''
  let value: string[] = []
  let attributes = new Map<string, string>()
  const nameAt = (start: number, end: number) => text.slice(start, end).toLowerCase()
  const open = () => {
    onOpen?.(name, Object.fromEntries(attributes))
    attributes = new Map()
  }
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname: (start, end) => {
        name = nameAt(start, end)
        attributes = new Map()
      },
      onattribname: (start, end) => {
        attributeName = nameAt(start, end)
        value = []
      },
      onattribdata: (start, end) => {
        value.push(text.slice(start, end))
      },
      onattribentity: (codePoint) => {
        value.push(String.fromCodePoint(codePoint))
      },
      onattribend: () => {
        if (!attributes.has(attributeName)) attributes.set(attributeName, value.join(''))
      },
      onopentagend: open,
      onselfclosingtag: open,
      ontext: (start, end) => onText?.(text.slice(start, end)),
      ontextentity: (codePoint) => onText?.(String.fromCodePoint(codePoint)),
      oncdata: (start, end, endOffset) => onText?.(text.slice(start, end - endOffset)),
      onclosetag: (start, end) => onClose?.(nameAt(start, end)),
      oncomment: () => undefined,
      ondeclaration: () => undefined,
      onprocessinginstruction: () => undefined,
      onend: () => undefined,
    },
  )
  for (let at = 0; at < text.length; at += stepLength) {
    tokenizer.write(text.slice(at, at + stepLength))
    yield
  }
  tokenizer.end()
}
