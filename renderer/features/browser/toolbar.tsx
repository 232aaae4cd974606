import { ArrowLeft, ArrowRight, ArrowUp, CloudDownload, LayoutGrid, Link, List, Settings, Upload } from 'lucide-react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { keysOf } from '../../parts/keys.ts'
import { isFolderPlace } from '../../store/navigation.ts'
import { shownCapabilities } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { Breadcrumb } from './breadcrumb.tsx'
import { FilterField } from './filter-field.tsx'
import { PathField } from './path-field.tsx'
import styles from './toolbar.module.css'

declare module 'react' {
  interface CSSProperties {
    '--sidebar-width'?: string
  }
}

/** The toolbar: navigation, the path, the filter, settings and Add links. */
export function Toolbar() {
  const canBack = useApp((state) => state.back.length > 0)
  const canForward = useApp((state) => state.forward.length > 0)
  const canUp = useApp(
    ({ place }) => place !== null && (place.folderId !== 0 || place.query !== null || !isFolderPlace(place)),
  )
  const isPathTyped = useApp((state) => state.isPathTyped)
  const { goBack, goForward, goUp } = useActions()
  const open = useApp((state) => state.open)
  const openAddLinks = useApp((state) => state.openAddLinks)
  const canUpload = useApp((state) => {
    const { place } = state
    return place !== null && isFolderPlace(place) && shownCapabilities(state).canUpload
  })
  const chooseToSend = useApp((state) => state.chooseToSend)
  const place = useApp((state) => state.place)
  const upload = () => {
    if (place !== null) void chooseToSend(place.accountId, place.folderId, 'files')
  }
  const view = useApp((state) => state.settings?.view ?? 'list')
  const changeSettings = useApp((state) => state.changeSettings)
  const sidebarWidth = useApp((state) => state.settings?.sidebarWidth ?? 228)

  return (
    <header className={styles.toolbar} data-pane="toolbar">
      <div className={styles.brand} style={{ '--sidebar-width': `${sidebarWidth}px` }}>
        <span className={styles.mark}>
          <Icon of={CloudDownload} size={15} />
        </span>
        <h1 className={styles.name}>{say('app.name')}</h1>
      </div>
      <div className={styles.moves}>
        <IconButton
          icon={ArrowLeft}
          label={say('toolbar.back')}
          keys={keysOf('Alt', '←')}
          disabled={!canBack}
          onClick={goBack}
        />
        <IconButton
          icon={ArrowRight}
          label={say('toolbar.forward')}
          keys={keysOf('Alt', '→')}
          disabled={!canForward}
          onClick={goForward}
        />
        <IconButton
          icon={ArrowUp}
          label={say('toolbar.up')}
          keys={keysOf('Alt', '↑')}
          disabled={!canUp}
          onClick={goUp}
        />
      </div>
      {isPathTyped ? <PathField /> : <Breadcrumb />}
      <div className={styles.views} role="group" aria-label={say('view.label')}>
        <IconButton
          icon={List}
          label={say('view.list')}
          keys={keysOf('Ctrl', '1')}
          aria-pressed={view === 'list'}
          onClick={() => void changeSettings({ view: 'list' })}
        />
        <IconButton
          icon={LayoutGrid}
          label={say('view.grid')}
          keys={keysOf('Ctrl', '2')}
          aria-pressed={view === 'grid'}
          onClick={() => void changeSettings({ view: 'grid' })}
        />
      </div>
      <FilterField />
      <IconButton
        icon={Settings}
        label={say('action.settings')}
        keys={keysOf('Ctrl', ',')}
        onClick={() => open({ kind: 'settings' })}
      />
      {canUpload ? (
        <IconButton icon={Upload} label={say('action.upload')} keys={keysOf('Ctrl', 'Shift', 'U')} onClick={upload} />
      ) : null}
      <Button
        look="primary"
        className={styles.add}
        aria-label={say('action.addLinks')}
        title={keysOf('Ctrl', 'U')}
        onClick={() => openAddLinks({})}
      >
        <Icon of={Link} />
        <span>{say('action.addLinks')}</span>
      </Button>
    </header>
  )
}

function useActions() {
  return {
    goBack: useApp((state) => state.goBack),
    goForward: useApp((state) => state.goForward),
    goUp: useApp((state) => state.goUp),
  }
}
