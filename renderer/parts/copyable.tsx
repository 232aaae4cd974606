import { Check, Copy } from 'lucide-react'
import { type RefCallback, useRef, useState } from 'react'
import { say } from '../words/say.ts'
import { Button } from './button.tsx'
import styles from './copyable.module.css'
import { Icon } from './icon.tsx'

interface Props {
  text: string
  /** The label of the button that copies it. */
  label: string
  buttonRef?: RefCallback<HTMLButtonElement>
}

/** An address to read, and a button that copies it. */
export function Copyable({ text, label, buttonRef }: Props) {
  const shown = useRef<HTMLElement>(null)
  const [copied, setCopied] = useState<string | null>(null)
  const isCopied = copied === text

  function copy() {
    const selection = document.getSelection()
    if (shown.current === null || selection === null) return
    selection.selectAllChildren(shown.current)
    // The page has no clipboard permission, but `execCommand` may copy the selection in a click handler.
    if (document.execCommand('copy')) setCopied(text)
    selection.removeAllRanges()
  }

  return (
    <div className={styles.line}>
      <code ref={shown} className={styles.text}>
        {text}
      </code>
      <Button {...(buttonRef ? { ref: buttonRef } : {})} onClick={copy}>
        <Icon of={isCopied ? Check : Copy} />
        {isCopied ? say('code.copied') : label}
      </Button>
    </div>
  )
}
