import { say } from '../words/say.ts'
import type { Folder } from './keys.ts'
import { offerTo } from './offers.ts'
import { type LinkInput, meansLinks, readLinks } from './open-links.ts'
import type { AppStore } from './store.ts'

declare global {
  /** The path of a file that the person dropped or pasted; empty if it has none. The preload script exposes it. */
  function pathOf(file: File): string
}

/**
 * Takes what was dropped or pasted: links go to Add links, and other files of this computer are sent up into the folder. A text file means
 * its links; without any, it is sent up, too. Shows the message `nothing` if there is nothing to take.
 */
export function takeIn(
  store: AppStore,
  input: LinkInput,
  nothing: string,
  { accountId, folderId }: Folder,
): Promise<void> {
  const { attempt, openAddLinks, showError, toast, sendUp } = store.getState()
  return attempt(async () => {
    const { disabledBecause } = offerTo(store.getState(), accountId, 'canUpload')
    const canUpload = disabledBecause === null
    const [linkFiles, others] = await split(input.files, (file) => meansLinks(store, file))
    const { links, torrents, problems } = await readLinks(store, { ...input, files: linkFiles })
    const paths = canUpload ? others.map((file) => pathOf(file)).filter((path) => path !== '') : []
    const pathless = canUpload ? others.length - paths.length : 0
    if (pathless > 0) problems.push(say('sends.noFile', { count: pathless }))
    if (others.length > 0 && disabledBecause !== null) problems.push(disabledBecause)
    if (problems.length > 0) showError(problems.join(' '))
    await sendUp(accountId, folderId, paths)
    await conflictIsAnswered(store)
    if (links !== '' || torrents.length > 0) openAddLinks({ text: links, files: torrents }, { accountId, folderId })
    else if (problems.length === 0 && paths.length === 0) toast(nothing)
  })
}

/** Where links and files go that are dropped on the window, or pasted: the shown folder, or the top folder if the trash is shown. */
export function shownTarget(store: AppStore): Folder | null {
  const { place } = store.getState()
  return place === null ? null : { accountId: place.accountId, folderId: place.isTrash ? 0 : place.folderId }
}

async function split<T>(all: readonly T[], is: (one: T) => Promise<boolean>): Promise<[yes: T[], no: T[]]> {
  const [yes, no]: [T[], T[]] = [[], []]
  for (const one of all) ((await is(one)) ? yes : no).push(one)
  return [yes, no]
}

/** One dialog at a time. */
function conflictIsAnswered(store: AppStore): Promise<void> {
  const isOpen = () => store.getState().dialog?.kind === 'send-conflict'
  if (!isOpen()) return Promise.resolve()
  return new Promise((resolve) => {
    const stop = store.subscribe(() => {
      if (isOpen()) return
      stop()
      resolve()
    })
  })
}
