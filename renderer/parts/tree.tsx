import { ChevronDown, ChevronRight, type LucideIcon } from 'lucide-react'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { classNames } from './class-names.ts'
import { Icon } from './icon.tsx'
import { Name } from './name.tsx'
import styles from './tree.module.css'

interface TreeNode {
  key: string
  name: string
  /** A short text at the end of the line. */
  detail?: string | null
  icon: LucideIcon
  level: number
  isExpandable: boolean
  isExpanded: boolean
  place: number
  siblings: number
  isCurrent: boolean
  isDropTarget: boolean
  /** The folder that dropped items go to; null if nothing can be dropped on it. */
  dropKey: string | null
}

interface Props {
  label: string
  nodes: readonly TreeNode[]
  onOpen(key: string): void
  onExpand(key: string, isExpanded: boolean): void
}

/** A folder tree with the keyboard support of the ARIA practices: one tab stop, arrows, Home, End, `*` and type-ahead. */
export function Tree({ label, nodes, onOpen, onExpand }: Props) {
  const [focusKey, setFocusKey] = useState<string | null>(null)
  const list = useRef<HTMLDivElement>(null)
  const typed = useRef({ letters: '', atMs: 0 })
  const current = nodes.find((node) => node.key === focusKey) ?? nodes.find((node) => node.isCurrent) ?? nodes[0]

  const currentKey = nodes.find((node) => node.isCurrent)?.key ?? null
  useEffect(() => {
    if (currentKey === null) return
    setFocusKey(currentKey)
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [currentKey])

  function focusAt(index: number) {
    const node = nodes[Math.max(0, Math.min(nodes.length - 1, index))]
    if (node === undefined) return
    setFocusKey(node.key)
    list.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(node.key)}"]`)?.focus()
  }

  function typeAhead(key: string, from: number) {
    const now = Date.now()
    typed.current = { letters: (now - typed.current.atMs < 800 ? typed.current.letters : '') + key, atMs: now }
    const wanted = typed.current.letters.toLowerCase()
    for (let step = wanted.length === 1 ? 1 : 0; step <= nodes.length; step++) {
      const at = (from + step) % nodes.length
      if (nodes[at]?.name.toLowerCase().startsWith(wanted)) return focusAt(at)
    }
  }

  function onKeyDown(event: KeyboardEvent) {
    if (current === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    // After any other key, what is typed next is another name.
    if (event.key.length !== 1) typed.current.letters = ''
    const at = nodes.indexOf(current)
    const parentAt = nodes.findLastIndex((node, index) => index < at && node.level < current.level)
    switch (event.key) {
      case 'ArrowDown':
        focusAt(at + 1)
        break
      case 'ArrowUp':
        focusAt(at - 1)
        break
      case 'Home':
        focusAt(0)
        break
      case 'End':
        focusAt(nodes.length - 1)
        break
      case 'ArrowRight':
        if (current.isExpandable && !current.isExpanded) onExpand(current.key, true)
        else if (current.isExpanded) focusAt(at + 1)
        break
      case 'ArrowLeft':
        if (current.isExpanded) onExpand(current.key, false)
        else if (parentAt !== -1) focusAt(parentAt)
        break
      case '*':
        for (const node of nodes) if (node.level === current.level && node.isExpandable) onExpand(node.key, true)
        break
      case 'Enter':
      case ' ':
        onOpen(current.key)
        break
      default:
        if (event.key.length !== 1 || event.key === '/') return
        typeAhead(event.key, at)
    }
    event.preventDefault()
  }

  return (
    <div role="tree" aria-label={label} ref={list} className={styles.tree}>
      {nodes.map((node) => (
        <div
          key={node.key}
          role="treeitem"
          data-key={node.key}
          data-drop={node.dropKey ?? undefined}
          aria-level={node.level}
          aria-setsize={node.siblings}
          aria-posinset={node.place}
          aria-expanded={node.isExpandable ? node.isExpanded : undefined}
          aria-selected={node.isCurrent}
          aria-label={node.name}
          tabIndex={node.key === current?.key ? 0 : -1}
          className={classNames(styles.node, node.isCurrent && styles.current, node.isDropTarget && styles.target)}
          style={{ paddingLeft: `${8 + (node.level - 1) * 18}px` }}
          onClick={() => {
            setFocusKey(node.key)
            onOpen(node.key)
          }}
          onKeyDown={onKeyDown}
        >
          <span
            className={styles.twist}
            onPointerDown={(event) => event.stopPropagation()}
            onClick={(event) => {
              event.stopPropagation()
              if (node.isExpandable) onExpand(node.key, !node.isExpanded)
            }}
            aria-hidden="true"
          >
            {node.isExpandable ? <Icon of={node.isExpanded ? ChevronDown : ChevronRight} size={13} /> : null}
          </span>
          <Icon of={node.icon} className={styles.icon} />
          <Name>{node.name}</Name>
          {node.detail ? <span className={styles.detail}>{node.detail}</span> : null}
        </div>
      ))}
    </div>
  )
}
