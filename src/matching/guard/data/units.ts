/** One unit of measure: its dimension, and how a value becomes the dimension's base unit (`value * factor + offset`). */
export interface Unit {
  readonly name: string;
  readonly dimension: string;
  readonly factor: number;
  readonly offset: number;
}

// dimension | factor | offset | spellings. Symbols that are also everyday words (in, m, l, s, h, c, f, g, b, a) count
// only when written directly at a number ("5m") or right after one; see `attachedOnly`.
const table = `
length|0.001|0|millimeter millimeters millimetre millimetres mm
length|0.01|0|centimeter centimeters centimetre centimetres cm cms
length|1|0|meter meters metre metres m
length|1000|0|kilometer kilometers kilometre kilometres km kms
length|0.0254|0|inch inches
length|0.3048|0|foot feet ft
length|0.9144|0|yard yards yd
length|1609.344|0|mile miles mi
mass|0.001|0|milligram milligrams mg
mass|1|0|gram grams gramme grammes g
mass|1000|0|kilogram kilograms kilo kilos kg kgs
mass|1000000|0|tonne tonnes
mass|28.3495|0|ounce ounces oz
mass|453.592|0|pound pounds lb lbs
time|0.001|0|millisecond milliseconds ms
time|1|0|seconds sec secs s
time|60|0|minute minutes min mins
time|3600|0|hour hours hr hrs h
time|86400|0|day days
time|604800|0|week weeks
time|2629746|0|month months
time|31556952|0|year years yr yrs
volume|0.001|0|milliliter milliliters millilitre millilitres ml
volume|1|0|liter liters litre litres l
volume|3.78541|0|gallon gallons gal
volume|0.24|0|cup cups
volume|0.473176|0|pint pints
temperature|1|273.15|celsius centigrade c
temperature|0.5555555556|255.3722222|fahrenheit f
temperature|1|0|kelvin
data|1|0|byte bytes
data|1024|0|kilobyte kilobytes kb
data|1048576|0|megabyte megabytes mb
data|1073741824|0|gigabyte gigabytes gb
data|1099511627776|0|terabyte terabytes tb
currency-usd|1|0|dollar dollars usd $ bucks
currency-eur|1|0|euro euros eur €
currency-gbp|1|0|gbp sterling quid £
currency-inr|1|0|rupee rupees inr rs ₹
currency-jpy|1|0|yen jpy ¥
currency-chf|1|0|chf francs franc
currency-cny|1|0|yuan rmb cny
ratio|0.01|0|percent percentage pct %
speed|0.44704|0|mph
speed|0.277778|0|kmh
power|1|0|watt watts
power|1000|0|kilowatt kilowatts kw
energy|1|0|joule joules
energy|3600000|0|kwh
energy|4184|0|kcal
`;

export const units: ReadonlyMap<string, Unit> = new Map(
  table
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [dimension = "", factor = "", offset = "", spellings = ""] = line.split("|");
      const names = spellings.split(" ");
      const unit: Unit = { name: names[0] ?? "", dimension, factor: Number(factor), offset: Number(offset) };
      return names.map((name): [string, Unit] => [name, unit]);
    }),
);

/** Spellings that are a unit only next to a number. */
export const attachedOnly: ReadonlySet<string> = new Set(
  "m mi g s h c f l ms min sec oz pound pounds foot feet yard yards cup cups kilo kilos rs bucks quid gal sterling ft yd rupee yen".split(
    " ",
  ),
);
