/**
 * One spelling for what people and keyboards spell in many ways: typographic quotes, dashes, ellipses, white space,
 * invisible characters, full-width and mathematical letters. Other letters, digits and case stay. Linear in the length of the text.
 */
export function toCanonicalText(text: string): string {
  return text
    .normalize("NFC")
    .replace(/[\u2018\u2019\u201A\u201B\u02BC\u2032\u00B4]/g, "'")
    .replace(/[\u201C-\u201F\u2033\u00AB\u00BB]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, "-")
    .replace(/\u2026/g, "...")
    .replace(/[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2064\uFEFF]/g, "")
    .replace(/[\uFF01-\uFF5E\u{1D400}-\u{1D7FF}]/gu, (form) => form.normalize("NFKC"))
    .replace(/[\u00BC-\u00BE\u2150-\u215E]/g, (form) => ` ${form.normalize("NFKC").replace("\u2044", "/")}`)
    .replace(/[\u00B2\u00B3\u00B9\u2070-\u2079]+/g, (form) => `^${form.normalize("NFKC")}`)
    .replace(/\s/g, " ")
    .trim();
}
