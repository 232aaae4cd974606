import type { Settings, SettingsChange } from '../../../shared/settings.ts'
import type { Host } from '../host/host.ts'
import type { Interrupted } from './running.ts'

export interface QuittingOptions {
  host: Pick<Host, 'ask'>
  settings(): Settings
  change(change: SettingsChange): void
  interrupted(): Interrupted
}

/** What happens when the person closes the window. */
export type Closing = 'hide' | 'quit' | 'stay'

const maxNamed = 4

/** Decides whether the app quits. The first close of the window asks what closing means; quitting while something runs asks and names it. */
export class Quitting {
  readonly #options: QuittingOptions
  #asking: Promise<Closing> | null = null

  constructor(options: QuittingOptions) {
    this.#options = options
  }

  /** The person closes the window. */
  closing(): Promise<Closing> {
    this.#asking ??= this.#close().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  /** The person quits the app. */
  async quitting(): Promise<Closing> {
    this.#asking ??= this.#quit().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  async #close(): Promise<Closing> {
    const { host, settings, change, interrupted } = this.#options
    const { closeAction } = settings()
    if (closeAction === 'hide') return 'hide'
    if (closeAction === 'quit') return this.#quit()
    const running = describe(interrupted())
    const answer = await host.ask({
      message: 'Keep Putdesk running when its window is closed?',
      detail: [
        running === null ? '' : `${running} Quitting interrupts this; it continues at the next start.`,
        'In the background, transfers, saves and uploads go on, and an icon beside the clock opens the window again. You can change this in the settings.',
      ]
        .filter(Boolean)
        .join('\n\n'),
      buttons: ['Keep running', 'Quit', 'Cancel'],
    })
    if (answer === 0) change({ closeAction: 'hide' })
    if (answer === 1) change({ closeAction: 'quit' })
    return (['hide', 'quit'] as const)[answer] ?? 'stay'
  }

  async #quit(): Promise<Closing> {
    const running = describe(this.#options.interrupted())
    if (running === null) return 'quit'
    const answer = await this.#options.host.ask({
      message: 'Quit Putdesk?',
      detail: `${running} Quitting interrupts this; it continues at the next start.`,
      buttons: ['Quit', 'Keep running in the background', 'Cancel'],
    })
    return (['quit', 'hide'] as const)[answer] ?? 'stay'
  }
}

/** A sentence on what runs; null if nothing does. */
function describe({ transfers, saves, sends }: Interrupted): string | null {
  const parts = [
    ...(transfers.length > 0 ? [`${countOf(transfers, 'transfer')}: ${namesOf(transfers)}.`] : []),
    ...(saves.length > 0 ? [`${countOf(saves, 'save')} to this computer: ${namesOf(saves)}.`] : []),
    ...(sends.length > 0 ? [`${countOf(sends, 'upload')}: ${namesOf(sends)}.`] : []),
  ]
  return parts.length === 0 ? null : parts.join('\n')
}

function countOf({ length }: readonly string[], noun: string): string {
  return length === 1 ? `1 running ${noun}` : `${length} running ${noun}s`
}

function namesOf(names: readonly string[]): string {
  const named = names.slice(0, maxNamed).map((name) => `“${name.slice(0, 80)}”`)
  const rest = names.length - named.length
  return [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(', ')
}
