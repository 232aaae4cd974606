import { Cloud, Ellipsis, Folder, HardDrive, type LucideIcon, Users } from 'lucide-react'
import { type MouseEvent, useMemo } from 'react'
import type { Account, Friend } from '../../../shared/account.ts'
import { IconButton } from '../../parts/icon-button.tsx'
import { Tree } from '../../parts/tree.tsx'
import { folderOfKey } from '../../store/keys.ts'
import { linesOf, type TreeLine } from '../../store/tree.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './sidebar.module.css'

const noFriends: readonly Friend[] = []

/** One account: its name, its menu and its folder tree. */
export function AccountTree({ account }: { account: Account }) {
  const tree = useApp((state) => state.tree)
  const expanded = useApp((state) => state.expanded)
  const friends = useApp((state) => state.friends.get(account.id) ?? noFriends)
  const place = useApp((state) => state.place)
  const dropAt = useApp((state) => state.dropAt)
  const { goTo, setExpanded, wantChildren, openMenu } = useActions()
  const name = account.kind === 'this-computer' ? say('sidebar.thisComputer') : account.name

  const lines = useMemo(
    () =>
      linesOf({
        accountId: account.id,
        tree,
        expanded,
        friends,
        names: { root: say('place.root'), shared: say('place.shared') },
      }),
    [account.id, tree, expanded, friends],
  )

  function iconOf(line: TreeLine): LucideIcon {
    if (line.folderId === null) return Users
    if (line.folderId !== 0) return Folder
    return account.kind === 'this-computer' ? HardDrive : Cloud
  }

  function expand(key: string, isExpanded: boolean) {
    setExpanded(key, isExpanded)
    const folder = folderOfKey(key)
    if (isExpanded && folder !== null) void wantChildren(folder.accountId, folder.folderId)
  }

  function openMenuAt(event: MouseEvent<HTMLElement>) {
    const box = event.currentTarget.getBoundingClientRect()
    openMenu({ kind: 'account', x: box.left, y: box.bottom + 2, accountId: account.id })
  }

  return (
    <section className={styles.account}>
      <div className={styles.heading}>
        <h2 className={styles.title} title={name}>
          {name}
        </h2>
        <IconButton
          icon={Ellipsis}
          label={say('sidebar.account', { name })}
          className={styles.more}
          aria-haspopup="menu"
          onClick={openMenuAt}
        />
      </div>
      <Tree
        label={name}
        nodes={lines.map((line) => ({
          ...line,
          icon: iconOf(line),
          isCurrent: place?.accountId === account.id && place.query === null && place.folderId === line.folderId,
          isDropTarget: dropAt === line.key,
          dropKey: line.folderId === null ? null : line.key,
        }))}
        onOpen={(key) => {
          const folder = folderOfKey(key)
          if (folder === null) expand(key, !expanded.has(key))
          else goTo(folder.accountId, folder.folderId)
        }}
        onExpand={expand}
      />
    </section>
  )
}

function useActions() {
  return {
    goTo: useApp((state) => state.goTo),
    setExpanded: useApp((state) => state.setExpanded),
    wantChildren: useApp((state) => state.wantChildren),
    openMenu: useApp((state) => state.openMenu),
  }
}
