import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Player } from '../../../shared/contract.ts'

/** A player and how to start it: an absolute path and fixed options; the link comes last, after `--`. */
export interface FoundPlayer extends Player {
  path: string
  options: readonly string[]
}

/** The id of the system's default player, which is given a playlist. */
export const systemPlayerId = 'system'

const known = [
  {
    id: 'mpv',
    name: 'mpv',
    command: 'mpv',
    options: ['--force-window=yes', '--'],
    macApps: ['/Applications/mpv.app/Contents/MacOS/mpv'],
    windowsPaths: ['mpv\\mpv.exe'],
  },
  {
    id: 'vlc',
    name: 'VLC',
    command: 'vlc',
    options: ['--no-video-title-show', '--'],
    macApps: ['/Applications/VLC.app/Contents/MacOS/VLC'],
    windowsPaths: ['VideoLAN\\VLC\\vlc.exe'],
  },
  {
    id: 'iina',
    name: 'IINA',
    command: 'iina',
    options: ['--no-stdin', '--'],
    macApps: ['/Applications/IINA.app/Contents/MacOS/iina-cli'],
    windowsPaths: [],
  },
] as const

/** The installed players that can be started with a link, best first. Searched each time, because one may just have been installed. */
export function findPlayers(environment: NodeJS.ProcessEnv): FoundPlayer[] {
  return known.flatMap(({ id, name, command, options, macApps, windowsPaths }) => {
    const candidates = [
      ...(environment.PATH ?? '')
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, process.platform === 'win32' ? `${command}.exe` : command)),
      ...(process.platform === 'darwin' ? macApps : []),
      ...(process.platform === 'win32' ? windowsPaths.flatMap((path) => inProgramFolders(environment, path)) : []),
    ]
    const path = candidates.find(isProgram)
    return path === undefined ? [] : [{ id, name, path, options }]
  })
}

/** True if the system can open a playlist with its default program. */
export function hasSystemPlayer(environment: NodeJS.ProcessEnv): boolean {
  if (process.platform !== 'linux') return true
  return (environment.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .some((folder) => isProgram(join(folder, 'xdg-open')))
}

function inProgramFolders(environment: NodeJS.ProcessEnv, path: string): string[] {
  return [environment.ProgramFiles, environment['ProgramFiles(x86)']].flatMap((folder) =>
    folder === undefined ? [] : [join(folder, path)],
  )
}

function isProgram(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
