import type { LucideIcon } from 'lucide-react'

interface Props {
  of: LucideIcon
  size?: number
  className?: string | undefined
}

/** A picture beside a word; what it means is said by the word. */
export function Icon({ of: Picture, size = 16, className }: Props) {
  return <Picture size={size} strokeWidth={1.75} aria-hidden="true" className={className} />
}
