/**
 * The codes of three letters that files use for languages, by that of two letters: the terminological one, and the bibliographic one
 * where that differs. Source: ISO 639-2, "Codes for the representation of names of languages".
 */
export const longCodes: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  [
    'ar ara, bg bul, ca cat, cs ces cze, da dan, de deu ger, el ell gre, en eng, es spa, et est, eu eus baq, fa fas per, fi fin, fr fra fre',
    'ga gle, gl glg, he heb, hi hin, hr hrv, hu hun, hy hye arm, id ind, is isl ice, it ita, ja jpn, ka kat geo, ko kor, lt lit, lv lav',
    'mk mkd mac, ms msa may, nb nob, nl nld dut, nn nno, no nor, pl pol, pt por, ro ron rum, ru rus, sk slk slo, sl slv, sq sqi alb, sr srp',
    'sv swe, ta tam, te tel, th tha, tr tur, uk ukr, vi vie, zh zho chi',
  ]
    .join(', ')
    .split(', ')
    .map((line) => line.split(' '))
    .map(([code = '', ...long]) => [code, long]),
)

/** A language such as `pt-BR`, and the other codes by which a file may call it. */
export function codesOf(language: string): string[] {
  const [code = ''] = language.toLowerCase().split(/[-_]/)
  return [...new Set([language, code, ...(longCodes[code] ?? [])])]
}
