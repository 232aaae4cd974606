import type { AccountId } from '../../shared/account.ts'
import type { ItemId } from '../../shared/item.ts'
import { maxTextLength } from '../../shared/limits.ts'
import { say } from '../words/say.ts'
import type { LinksAndFiles } from './analysis.ts'
import type { Slice } from './store.ts'

export interface DraftsSlice {
  /** Links and files of a dialog that was closed before they were added. */
  draft: LinksAndFiles | null
  /** Opens Add links with links and files, or without any with the draft. Without an account, they wait for the first one. */
  openAddLinks(input: Partial<LinksAndFiles>, folder?: { accountId: AccountId; folderId: ItemId }): void
  /** Adds the draft to the open dialog. */
  openDraft(): void
  /** Closes the dialog, and keeps what is in it. */
  leaveAddLinks(): void
  /** Closes the dialog without keeping what is in it, which can be undone. */
  discardLinks(): Promise<void>
  discardDraft(): void
  /** Leaves only these links in the dialog. */
  leaveLinks(links: readonly string[]): void
  /** Has what is in the dialog, and the draft, stored over a restart. */
  storeDraft(): Promise<void>
}

const nothing: LinksAndFiles = { text: '', files: [] }

/** What the person wants to add, before it is added. Nothing of it is lost unless they discard it. */
export const draftsSlice: Slice<DraftsSlice> = (client) => (set, get) => {
  let stored = ''

  client.on('draft.changed', ({ text }) => {
    stored = text
    const { draft, dialog } = get()
    if (text !== '' && draft === null && dialog?.kind !== 'add-links') set({ draft: { text, files: [] } })
  })

  const shown = () => {
    const { dialog } = get()
    return dialog?.kind === 'add-links' ? dialog : null
  }

  return {
    draft: null,
    openAddLinks: (input, folder) => {
      const { place, waiting, draft } = get()
      const target = folder ?? place
      if (target === null) {
        set({ waiting: merge(waiting, input) })
        return
      }
      const { accountId, folderId } = target
      const isNew = shown() === null && isEmpty(merge(null, input))
      const links = isNew ? (draft ?? nothing) : merge(shown(), input)
      set({
        menu: null,
        dialog: { kind: 'add-links', ...links, accountId, folderId },
        ...(isNew ? { draft: null } : {}),
      })
    },
    openDraft: () => {
      const { draft } = get()
      const dialog = shown()
      if (draft !== null && dialog !== null) set({ dialog: { ...dialog, ...merge(draft, dialog) }, draft: null })
    },
    leaveAddLinks: () => {
      const dialog = shown()
      if (dialog === null) return
      const kept = merge(get().draft, dialog)
      set({ dialog: null, draft: isEmpty(kept) ? null : kept })
      void get().storeDraft()
    },
    discardLinks: async () => {
      const dialog = shown()
      if (dialog === null) return
      set({ dialog: null })
      void get().storeDraft()
      if (isEmpty(dialog)) return
      await get().act(async () => ({
        sentence: say('links.discarded'),
        undo: async () => {
          const { accountId, folderId } = dialog
          get().openAddLinks(dialog, { accountId, folderId })
          return null
        },
        redo: null,
      }))
    },
    discardDraft: () => {
      set({ draft: null })
      void get().storeDraft()
    },
    leaveLinks: (links) => {
      const dialog = shown()
      if (dialog === null) return
      const files = dialog.files.filter(({ link }) => links.includes(link))
      const isFile = new Set(files.map(({ link }) => link))
      const text = links.filter((link) => !isFile.has(link)).join('\n')
      set({ dialog: { ...dialog, text, files } })
      void get().storeDraft()
    },
    storeDraft: async () => {
      const { text } = merge(get().draft, shown() ?? nothing)
      if (text === stored || text.length > maxTextLength) return
      stored = text
      await get().attempt(async () => {
        await client.call('draft.keep', { text: text.toWellFormed() })
      })
    },
  }
}

function isEmpty({ text, files }: LinksAndFiles): boolean {
  return text.trim() === '' && files.length === 0
}

/** Merges new links and files with those that are already there; each file counts once. */
function merge(before: LinksAndFiles | null, { text = '', files: added = [] }: Partial<LinksAndFiles>): LinksAndFiles {
  const files = new Map([...(before?.files ?? []), ...added].map((file) => [file.link, file]))
  const texts = [before?.text ?? '', text].filter((part) => part !== '')
  return { text: texts.join('\n'), files: [...files.values()] }
}
