import { Cloud, Ellipsis, Folder, HardDrive, type LucideIcon, Plus, Rss, Trash2, Users } from 'lucide-react'
import { type MouseEvent, useMemo } from 'react'
import type { Account, Friend } from '../../../shared/account.ts'
import { IconButton } from '../../parts/icon-button.tsx'
import { Tree } from '../../parts/tree.tsx'
import { folderOfKey } from '../../store/keys.ts'
import { offerIn } from '../../store/offers.ts'
import { feedsKey, linesOf, type TreeLine, trashKey } from '../../store/tree.ts'
import { useApp } from '../../store/use-app.ts'
import { formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import styles from './sidebar.module.css'

const noFriends: readonly Friend[] = []

/** One account: its name, its menu and its folder tree. Beside the first, more can be added. */
export function AccountTree({ account, isFirst }: { account: Account; isFirst: boolean }) {
  const tree = useApp((state) => state.tree)
  const expanded = useApp((state) => state.expanded)
  const friends = useApp((state) => state.friends.get(account.id) ?? noFriends)
  const place = useApp((state) => state.place)
  const dropAt = useApp((state) => state.dropAt)
  const trashBytes = useApp(({ quotas }) => quotas.get(account.id)?.trash?.sizeBytes ?? 0)
  const { goTo, goToAccount, goToFeeds, goToTrash, setExpanded, openBranch, openMenu, open } = useActions()
  const name = account.kind === 'this-computer' ? say('sidebar.thisComputer') : account.name

  const { isShown: hasTrash } = offerIn(account, 'hasTrash')
  const { isShown: hasFeeds } = offerIn(account, 'hasFeeds')
  const lines = useMemo(
    () =>
      linesOf({
        accountId: account.id,
        tree,
        expanded,
        friends,
        names: {
          root: say('place.root'),
          shared: say('place.shared'),
          feeds: hasFeeds ? say('place.feeds') : null,
          trash: hasTrash ? say('place.trash') : null,
        },
      }),
    [account.id, tree, expanded, friends, hasFeeds, hasTrash],
  )

  function iconOf(line: TreeLine): LucideIcon {
    if (line.key === trashKey(account.id)) return Trash2
    if (line.key === feedsKey(account.id)) return Rss
    if (line.folderId === null) return Users
    if (line.folderId !== 0) return Folder
    return account.kind === 'this-computer' ? HardDrive : Cloud
  }

  function isCurrent({ key, folderId }: TreeLine): boolean {
    if (place?.accountId !== account.id || place.query !== null) return false
    if (place.isFeeds) return key === feedsKey(account.id)
    return place.isTrash ? key === trashKey(account.id) : place.folderId === folderId
  }

  function expand(key: string, isExpanded: boolean) {
    const folder = folderOfKey(key)
    if (isExpanded && folder !== null) void openBranch(folder, (isOpen) => setExpanded(key, isOpen))
    else setExpanded(key, isExpanded)
  }

  function openMenuAt(event: MouseEvent<HTMLElement>) {
    const box = event.currentTarget.getBoundingClientRect()
    openMenu({ kind: 'account', x: box.left, y: box.bottom + 2, accountId: account.id })
  }

  return (
    <section className={styles.account}>
      <div className={styles.heading}>
        <h2 className={styles.title}>
          <button type="button" className={styles.name} title={name} onClick={() => goToAccount(account.id)}>
            {name}
          </button>
        </h2>
        <IconButton
          icon={Ellipsis}
          label={say('sidebar.account', { name })}
          className={styles.more}
          aria-haspopup="menu"
          onClick={openMenuAt}
        />
        {isFirst ? (
          <IconButton
            icon={Plus}
            label={say('sidebar.add')}
            className={styles.add}
            aria-haspopup="dialog"
            onClick={() => open({ kind: 'sign-in', accountId: null, door: null })}
          />
        ) : null}
      </div>
      <Tree
        label={name}
        nodes={lines.map((line) => ({
          ...line,
          icon: iconOf(line),
          isCurrent: isCurrent(line),
          detail: line.key === trashKey(account.id) && trashBytes > 0 ? formatSize(trashBytes) : null,
          isDropTarget: dropAt === line.key,
          dropKey: line.folderId === null && line.key !== trashKey(account.id) ? null : line.key,
        }))}
        onOpen={(key) => {
          const folder = folderOfKey(key)
          if (key === trashKey(account.id)) goToTrash(account.id)
          else if (key === feedsKey(account.id)) goToFeeds(account.id)
          else if (folder === null) expand(key, !expanded.has(key))
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
    goToAccount: useApp((state) => state.goToAccount),
    goToFeeds: useApp((state) => state.goToFeeds),
    goToTrash: useApp((state) => state.goToTrash),
    setExpanded: useApp((state) => state.setExpanded),
    openBranch: useApp((state) => state.openBranch),
    openMenu: useApp((state) => state.openMenu),
    open: useApp((state) => state.open),
  }
}
