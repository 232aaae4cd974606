/** A line with the times of a cue. */
const srtTimes = /^(\d{1,4}:\d\d:\d\d),(\d{3}) --> (\d{1,4}:\d\d:\d\d),(\d{3}).*$/gm

/** SubRip as WebVTT. Lines end in LF. */
export function toVtt(srt: string): string {
  return `WEBVTT\n\n${srt.replace(srtTimes, '$1.$2 --> $3.$4')}`
}

/** WebVTT as SubRip: cues are numbered; headers, notes and styles have no times and are left out. */
export function toSrt(vtt: string): string {
  const cues = vtt.split(/\n{2,}/).flatMap((block) => {
    const lines = block.trimEnd().split('\n')
    const at = lines.findIndex((line) => line.includes(' --> '))
    const [, start, end] = /^([\d:.]+) --> ([\d:.]+)/.exec(lines[at] ?? '') ?? []
    if (start === undefined || end === undefined) return []
    return [[`${srtTime(start)} --> ${srtTime(end)}`, ...lines.slice(at + 1)].join('\n')]
  })
  return cues.map((cue, index) => `${index + 1}\n${cue}\n`).join('\n')
}

function srtTime(time: string): string {
  const [clock = '', fraction = '000'] = time.split('.')
  const hours = clock.split(':').length === 2 ? '00:' : ''
  return `${hours}${clock},${fraction.padEnd(3, '0').slice(0, 3)}`
}
