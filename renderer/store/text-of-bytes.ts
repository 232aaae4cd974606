/** The usual legacy encoding of each language. Source: HTML standard, "determining the character encoding". */
const encodings: Record<string, string> = {
  zh: 'gb18030',
  'zh-tw': 'big5',
  'zh-hk': 'big5',
  ja: 'shift_jis',
  ko: 'euc-kr',
  ru: 'windows-1251',
  uk: 'windows-1251',
  be: 'windows-1251',
  bg: 'windows-1251',
  el: 'iso-8859-7',
  he: 'windows-1255',
  ar: 'windows-1256',
  tr: 'windows-1254',
  pl: 'iso-8859-2',
  cs: 'windows-1250',
  hu: 'iso-8859-2',
}

/** Decodes a text file: by its byte order mark, otherwise as UTF-8 if valid, otherwise in the usual encoding of the person's languages. */
export function textOfBytes(bytes: Uint8Array, languages: readonly string[]): string {
  const wide = wideEncoding(bytes)
  if (wide !== null) return new TextDecoder(wide).decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Not Unicode.
    return new TextDecoder(usualEncoding(languages)).decode(bytes)
  }
}

/** Detects UTF-16 by its byte order mark, or by the zero bytes of Latin letters. */
function wideEncoding(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  const start = bytes.subarray(0, 1024)
  const empty = [0, 1].map((half) => start.filter((byte, at) => byte === 0 && at % 2 === half).length)
  const [high = 0, low = 0] = empty
  const needed = start.length / 4
  if (low > needed && high === 0) return 'utf-16le'
  return high > needed && low === 0 ? 'utf-16be' : null
}

function usualEncoding(languages: readonly string[]): string {
  for (const language of languages.map((tag) => tag.toLowerCase())) {
    const encoding = encodings[language] ?? encodings[language.replace(/-.*/, '')]
    if (encoding !== undefined) return encoding
  }
  return 'windows-1252'
}
