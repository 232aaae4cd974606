import type { LucideIcon } from 'lucide-react'
import { memo } from 'react'

interface Props {
  of: LucideIcon
  size?: number
  className?: string | undefined
}

/** A decorative icon. The text beside it carries the meaning. */
export const Icon = memo(function Icon({ of: Glyph, size = 16, className }: Props) {
  return <Glyph size={size} strokeWidth={1.75} aria-hidden="true" className={className} />
})
