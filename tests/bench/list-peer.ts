import { useVirtualizer } from '@tanstack/react-virtual'
import { createElement as h, useRef, useState } from 'react'
import { createRoot } from 'react-dom/client'

// The page that P11 compares with: the same rows in a plain list on TanStack Virtual, without thumbnails, selection or keyboard.

const parameters = new URLSearchParams(location.search)
const parameter = (name: string) => Number(parameters.get(name))
const rowHeight = parameter('rowHeight')
const moment = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const items = Array.from({ length: parameter('count') }, (_, index) => ({
  name: `file ${String(index).padStart(6, '0')}.${index % 10 === 0 ? 'png' : 'txt'}`,
  sizeBytes: 1000 + (index % 5000),
  addedAt: Date.UTC(2026, 0, 1) + index * 1000,
}))

function List() {
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
  })
  const rows = virtualizer.getVirtualItems().map(({ index, start }) => {
    const item = items[index]
    const cells = [item?.name, `${((item?.sizeBytes ?? 0) / 1000).toFixed(1)} kB`, moment.format(item?.addedAt)].map(
      (text, at) => h('div', { key: at, role: 'gridcell' }, text),
    )
    const place = { height: rowHeight, transform: `translateY(${start}px)` }
    return h('div', { key: index, role: 'row', className: 'row', 'data-place': index, style: place }, cells)
  })
  const size = { width: parameter('width'), height: parameter('height') }
  return h(
    'div',
    { id: 'items', role: 'grid', ref: scroller, style: { ...size, overflow: 'auto' } },
    h('div', { style: { position: 'relative', height: virtualizer.getTotalSize() } }, rows),
  )
}

function Page() {
  const [isOpen, setOpen] = useState(false)
  const open = () => {
    Object.assign(window, { arrivedAt: performance.now() })
    setOpen(true)
  }
  return isOpen ? h(List) : h('div', { role: 'row', onDoubleClick: open }, 'Many')
}

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(h(Page))
