import { basename, isAbsolute } from 'node:path'
import { AppError } from '../../../shared/errors.ts'
import { type FoundPlayer, inPath, isProgram } from './players.ts'

/** The id of the player that the person's own command starts. */
export const ownPlayerId = 'own'

/**
 * The player of a person's own command. It is split into arguments here and never reaches a shell. In an argument, `{link}` stands for
 * the link, `{seconds}` for where to start, and `{subtitle}` for a subtitle's link; the last two leave their argument out if there is
 * nothing to put there, and an argument with `{subtitle}` is repeated for each. Without `{link}`, the link comes last. Errors: no-player.
 */
export function ownPlayer(command: string, environment: NodeJS.ProcessEnv): FoundPlayer {
  const [program = '', ...parts] = splitCommand(command)
  if (/\.(bat|cmd)$/i.test(program))
    throw new AppError(
      'no-player',
      `“${basename(program)}” is a script, which the system would hand to a shell. Name the player itself in the settings.`,
    )
  const candidates = isAbsolute(program)
    ? [program]
    : [...inPath(environment, program), ...inPath(environment, `${program}.exe`)]
  const path = candidates.find(isProgram)
  if (program === '' || path === undefined)
    throw new AppError('no-player', `The program “${program}” was not found. Check your own player in the settings.`)
  const hasLink = parts.some((part) => part.includes('{link}'))
  const hasSeconds = parts.some((part) => part.includes('{seconds}'))
  return {
    id: ownPlayerId,
    name: basename(path),
    path,
    argv: ({ seconds, subtitles }, link) => [
      ...parts.flatMap((part) => {
        if (part.includes('{subtitle}')) return subtitles.map((subtitle) => part.replaceAll('{subtitle}', subtitle))
        if (part.includes('{seconds}')) return seconds === null ? [] : part.replaceAll('{seconds}', seconds.toFixed(0))
        return part.replaceAll('{link}', link)
      }),
      ...(hasLink ? [] : [link]),
    ],
    startsAt: hasSeconds ? 'seconds' : null,
    control: null,
    handsOver: true,
  }
}

/** Splits a command at spaces, except inside quotes. A backslash is a backslash, because paths of Windows have them. */
function splitCommand(command: string): string[] {
  const parts: string[] = []
  let part: string | null = null
  let quote: string | null = null
  for (const character of command) {
    if (quote !== null) {
      if (character === quote) quote = null
      else part += character
    } else if (character === '"' || character === "'") {
      quote = character
      part ??= ''
    } else if (/\s/.test(character)) {
      if (part !== null) parts.push(part)
      part = null
    } else part = (part ?? '') + character
  }
  if (quote !== null)
    throw new AppError(
      'no-player',
      'A quotation mark is open in the command of your own player. Close it in the settings.',
    )
  return part === null ? parts : [...parts, part]
}
