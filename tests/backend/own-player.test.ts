import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ownPlayer } from '../../electron/backend/playing/own-player.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const folder = temporaryFolder('own player')
const program = join(folder, process.platform === 'win32' ? 'my player.exe' : 'my player')
writeFileSync(program, '#!/bin/sh\n')
chmodSync(program, 0o755)
const link = 'http://127.0.0.1:1/s/0/a.mp4'
const plain = { seconds: null, percent: null, subtitles: [], languages: [] }
const start = { seconds: 61.4, percent: null, subtitles: ['http://1', 'http://2'], languages: [] }

it.each([
  ['', plain, [link]],
  ['--big  "two words" \'\'', plain, ['--big', 'two words', '', link]],
  ['--at={seconds} {link} --last', plain, [link, '--last']],
  ['--at={seconds} --sub={subtitle} {link}', start, ['--at=61', '--sub=http://1', '--sub=http://2', link]],
  ['$(reboot) `id` ; & | C:\\x', plain, ['$(reboot)', '`id`', ';', '&', '|', 'C:\\x', link]],
])('turns “%s” into arguments', (rest, what, argv) => {
  expect(ownPlayer(`"${program}" ${rest}`, {}).argv(what, link)).toEqual(argv)
})

it.each([
  ['', 'was not found'],
  ['"', 'is open'],
  [join(folder, 'none'), 'The program “'],
  ['none --x', 'The program “none” was not found. Check your own player in the settings.'],
  ['"C:\\players\\Play.BAT" {link}', 'is a script'],
  ['play.cmd', '“play.cmd” is a script, which the system would hand to a shell.'],
])('says what is wrong with “%s”', (command, sentence) => {
  expect(() => ownPlayer(command, { PATH: folder })).toThrow(sentence)
})

it('finds a program by its name', () => {
  const name = process.platform === 'win32' ? '"my player.exe"' : '"my player"'
  expect(ownPlayer(name, { PATH: folder }).path).toBe(program)
})
