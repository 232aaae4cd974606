import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Player } from '../../../shared/contract.ts'
import { codesOf } from './language-codes.ts'

/** Where a player shall start, and with which subtitles. */
export interface PlayStart {
  seconds: number | null
  /** Used if the duration is not known. */
  percent: number | null
  /** Links of subtitles, best first. */
  subtitles: readonly string[]
  /** The languages in which subtitles in the film itself are shown, the preferred one first. If there are none, the player decides. */
  languages: readonly string[]
}

/** A player and how to start it. */
export interface FoundPlayer extends Player {
  /** An absolute path. */
  path: string
  /** The arguments that play a link. */
  argv(start: PlayStart, link: string): string[]
  /** How exactly it can be told where to start; null if it cannot. */
  startsAt: 'percent' | 'seconds' | null
  /** How it is asked for its position; null if it cannot be asked. */
  control: 'mpv' | 'vlc' | null
  /** It may hand the link to a window of its own that is open already, and exit. */
  handsOver: boolean
}

/** The id of the system's default player, which is given a playlist. */
export const systemPlayerId = 'system'

interface KnownPlayer extends Omit<FoundPlayer, 'path' | 'argv'> {
  /** The options before the link. Where a player understands `--`, it is the last one. */
  options(start: PlayStart): string[]
  commands: readonly string[]
  macApps: readonly string[]
  windowsPaths: readonly string[]
}

const plain = { startsAt: null, control: null, handsOver: true, commands: [], macApps: [], windowsPaths: [] } as const

/** VLC knows languages by their codes alone, without a country. */
function shortCode(language: string): string {
  return language.split(/[-_]/)[0] ?? language
}

/** mpv's own options, which programs built on mpv accept with a prefix. */
function mpvOptions(prefix: string, { seconds, percent, subtitles, languages }: PlayStart): string[] {
  const start = seconds === null ? (percent === null ? null : `${percent.toFixed(2)}%`) : seconds.toFixed(3)
  return [
    ...(start === null ? [] : [`--${prefix}start=${start}`]),
    ...subtitles.map((link) => `--${prefix}sub-file=${link}`),
    // Older versions compare codes letter by letter.
    ...(languages.length === 0 ? [] : [`--${prefix}slang=${languages.flatMap(codesOf).join(',')}`]),
  ]
}

const known: readonly KnownPlayer[] = [
  {
    ...plain,
    id: 'mpv',
    name: 'mpv',
    commands: ['mpv'],
    macApps: ['/Applications/mpv.app/Contents/MacOS/mpv'],
    windowsPaths: ['mpv\\mpv.exe'],
    options: (start) => ['--force-window=yes', ...mpvOptions('', start), '--'],
    startsAt: 'percent',
    control: 'mpv',
    handsOver: false,
  },
  {
    ...plain,
    id: 'vlc',
    name: 'VLC',
    commands: ['vlc'],
    macApps: ['/Applications/VLC.app/Contents/MacOS/VLC'],
    windowsPaths: ['VideoLAN\\VLC\\vlc.exe'],
    options: ({ seconds, subtitles, languages }) => [
      '--no-video-title-show',
      ...(seconds === null ? [] : [`--start-time=${seconds.toFixed(3)}`]),
      ...(subtitles.length === 0 ? [] : [`--input-slave=${subtitles.join('#')}`]),
      ...(languages.length === 0 ? [] : [`--sub-language=${languages.map(shortCode).join(',')}`]),
      '--',
    ],
    startsAt: 'seconds',
    control: 'vlc',
  },
  {
    ...plain,
    id: 'iina',
    name: 'IINA',
    commands: ['iina'],
    macApps: ['/Applications/IINA.app/Contents/MacOS/iina-cli'],
    options: (start) => ['--no-stdin', ...mpvOptions('mpv-', start), '--'],
    startsAt: 'percent',
  },
  {
    ...plain,
    id: 'celluloid',
    name: 'Celluloid',
    commands: ['celluloid'],
    options: (start) => [...mpvOptions('mpv-', start), '--'],
    startsAt: 'percent',
  },
  { ...plain, id: 'totem', name: 'Videos (Totem)', commands: ['totem'], options: () => ['--'] },
  {
    ...plain,
    id: 'mpc-hc',
    name: 'MPC-HC',
    windowsPaths: ['MPC-HC\\mpc-hc64.exe', 'MPC-HC\\mpc-hc.exe', 'K-Lite Codec Pack\\MPC-HC64\\mpc-hc64.exe'],
    options: mpcOptions,
    startsAt: 'seconds',
  },
  {
    ...plain,
    id: 'mpc-be',
    name: 'MPC-BE',
    windowsPaths: ['MPC-BE x64\\mpc-be64.exe', 'MPC-BE\\mpc-be64.exe', 'MPC-BE\\mpc-be.exe'],
    options: mpcOptions,
    startsAt: 'seconds',
  },
  {
    ...plain,
    id: 'potplayer',
    name: 'PotPlayer',
    windowsPaths: ['DAUM\\PotPlayer\\PotPlayerMini64.exe', 'DAUM\\PotPlayer\\PotPlayerMini.exe'],
    options: ({ seconds }) => (seconds === null ? [] : [`/seek=${Math.floor(seconds)}`]),
    startsAt: 'seconds',
  },
  {
    ...plain,
    id: 'quicktime',
    name: 'QuickTime Player',
    macApps: ['/usr/bin/open'],
    options: () => ['-a', 'QuickTime Player'],
  },
]

function mpcOptions({ seconds }: PlayStart): string[] {
  return seconds === null ? [] : ['/start', `${Math.round(seconds * 1000)}`]
}

/** The installed players that can be started with a link, best first. Searched each time, because one may just have been installed. */
export function findPlayers(environment: NodeJS.ProcessEnv): FoundPlayer[] {
  return known.flatMap(({ commands, macApps, windowsPaths, options, ...player }) => {
    const candidates = [
      ...commands.flatMap((command) => inPath(environment, process.platform === 'win32' ? `${command}.exe` : command)),
      ...(process.platform === 'darwin' ? macApps : []),
      ...(process.platform === 'win32' ? windowsPaths.flatMap((path) => inProgramFolders(environment, path)) : []),
    ]
    const path = candidates.find(isProgram)
    return path === undefined ? [] : [{ ...player, path, argv: (start, link) => [...options(start), link] }]
  })
}

/** True if the system can open a playlist with its default program. */
export function hasSystemPlayer(environment: NodeJS.ProcessEnv): boolean {
  return process.platform !== 'linux' || inPath(environment, 'xdg-open').some(isProgram)
}

/** The paths that a program may have in the folders of `PATH`. */
export function inPath(environment: NodeJS.ProcessEnv, name: string): string[] {
  return (environment.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
}

/** True for a file that this user may run. */
export function isProgram(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function inProgramFolders(environment: NodeJS.ProcessEnv, path: string): string[] {
  return [environment.ProgramFiles, environment['ProgramFiles(x86)']].flatMap((folder) =>
    folder === undefined ? [] : [join(folder, path)],
  )
}
