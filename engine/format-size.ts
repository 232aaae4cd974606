const units = ['bytes', 'KB', 'MB', 'GB', 'TB']

/** A size for the person: `3.2 GB`, with a kilobyte of 1,024 bytes. */
export function inBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)))
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`
}
