const MONTHS = "January February March April May June July August September October November December".split(" ");
const ISO = /(?<![\w-])(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?![\w-])/g;
const LOCAL = /(?<![\w/.-])(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?![\w/-])/g;

/**
 * Dates in figures, spelled out: "2021-03-07" as "7 March 2021". Of "3/4/1990" nobody knows the month: it becomes one
 * word that is compared as written. Linear.
 */
export function spellDates(text: string): string {
  if (!/\d[-/.]\d{1,2}[-/.]\d/.test(text)) return text;
  return text
    .replace(ISO, (written: string, year: string, month: string, day: string) => spelled(written, year, month, day))
    .replace(LOCAL, (written: string, one: string, _mark: string, other: string, year: string) => {
      if (Number(one) > 12) return spelled(written, year, other, one);
      if (Number(other) > 12 || one === other) return spelled(written, year, one, other);
      return `on_${Number(one)}_${Number(other)}_${year}`;
    });
}

function spelled(written: string, year: string, month: string, day: string): string {
  const name = MONTHS[Number(month) - 1];
  return name === undefined || Number(day) < 1 || Number(day) > 31 ? written : `${Number(day)} ${name} ${year}`;
}
