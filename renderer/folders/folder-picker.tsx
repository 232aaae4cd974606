import { Popover } from '@base-ui/react/popover'
import { ChevronDown, Folder } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { Icon } from '../parts/icon.tsx'
import { Tree } from '../parts/tree.tsx'
import { folderKey, folderOfKey } from '../store/keys.ts'
import { folderPath } from '../store/selectors.ts'
import { linesOf } from '../store/tree.ts'
import { useApp, useAppStore } from '../store/use-app.ts'
import { say } from '../words/say.ts'
import styles from './folder-picker.module.css'

interface Props {
  accountId: string
  folderId: number
  onPick(folderId: number): void
  /** What it is for, if not for adding links. */
  label?: string
}

/** Picks the destination folder: the account's tree in a popover. */
export function FolderPicker({ accountId, folderId, onPick, label }: Props) {
  const { openBranch, wantChildren, loadPath } = useAppStore().getState()
  const shownPath = useApp((state) => folderPath(state, accountId, folderId))
  const tree = useApp((state) => state.tree)
  const [isOpen, setOpen] = useState(false)
  const path = useApp((state) => state.paths.get(folderKey(accountId, folderId)))
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set())
  const name = shownPath ?? say('place.folder')
  const title = label ?? say('links.saveTo')

  useEffect(() => {
    if (shownPath === null) void loadPath(accountId, folderId)
  }, [shownPath, accountId, folderId, loadPath])

  const lines = useMemo(
    () =>
      linesOf({
        accountId,
        tree,
        expanded,
        friends: [],
        names: { root: say('place.root'), shared: say('place.shared') },
      }),
    [accountId, tree, expanded],
  )

  return (
    <div className={styles.saveTo}>
      <span aria-hidden="true">{title}</span>
      <Popover.Root
        open={isOpen}
        onOpenChange={(next) => {
          setOpen(next)
          if (!next) return
          const ancestors = path?.slice(0, -1) ?? []
          const branches = ancestors.length === 0 ? [0] : ancestors.map(({ id }) => id)
          setExpanded(new Set(branches.map((id) => folderKey(accountId, id))))
          for (const id of branches) void wantChildren(accountId, id)
        }}
      >
        <Popover.Trigger
          className={styles.picker}
          aria-label={
            label === undefined ? say('links.folder', { folder: name }) : say('folder.of', { label, folder: name })
          }
        >
          <Icon of={Folder} />
          <bdi>{name}</bdi>
          <Icon of={ChevronDown} size={14} />
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Positioner side="bottom" align="end" sideOffset={4} className={styles.positioner}>
            <Popover.Popup className={styles.popup} aria-label={title}>
              <Tree
                label={title}
                nodes={lines.map((line) => ({
                  ...line,
                  icon: Folder,
                  isCurrent: line.folderId === folderId,
                  isDropTarget: false,
                  dropKey: null,
                }))}
                onOpen={(key) => {
                  const folder = folderOfKey(key)
                  if (folder === null) return
                  onPick(folder.folderId)
                  setOpen(false)
                }}
                onExpand={(key, isExpanded) => {
                  const setBranch = (isOpened: boolean) =>
                    setExpanded(
                      (before) => new Set([...before].filter((one) => one !== key).concat(isOpened ? key : [])),
                    )
                  const folder = folderOfKey(key)
                  if (isExpanded && folder !== null) void openBranch(folder, setBranch)
                  else setBranch(isExpanded)
                }}
              />
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
    </div>
  )
}
