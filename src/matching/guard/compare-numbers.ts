import { readDates } from "./date-atoms.ts";
import { toDifferences, type Difference } from "./difference.ts";
import type { PromptText } from "./prompt-text.ts";
import { readQuantities, type Quantity } from "./quantity.ts";

/** Numbers, ordinals, units, currencies, percentages: equal after conversion, or a difference. */
export function compareNumbers(a: PromptText, b: PromptText): readonly Difference[] {
  const inA = readQuantities(a.words, readDates(a.words).used);
  const inB = readQuantities(b.words, readDates(b.words).used);
  const onlyA = missing(inA.quantities, inB.quantities, b);
  const onlyB = missing(inB.quantities, inA.quantities, a);
  const unitsA = new Set(inA.looseUnits.map((unit) => unit.name));
  const unitsB = new Set(inB.looseUnits.map((unit) => unit.name));
  const measuredIn = (quantities: readonly Quantity[], name: string) =>
    quantities.some((each) => each.unit?.name === name);
  const looseA = [...unitsA].filter((name) => !unitsB.has(name) && !measuredIn(inB.quantities, name));
  const looseB = [...unitsB].filter((name) => !unitsA.has(name) && !measuredIn(inA.quantities, name));
  const numbers = toDifferences(texts(onlyA), texts(onlyB), "number-value", "number-missing");
  if (looseA.length === 0 || looseB.length === 0) return numbers;
  return [...numbers, { kind: "unit-value", a: looseA.join(", "), b: looseB.join(", ") }];
}

/** A number without a unit may be a year on the other side: "1,500" and "1500". */
function missing(one: readonly Quantity[], other: readonly Quantity[], prompt: PromptText): readonly Quantity[] {
  return one.filter(
    (quantity) =>
      !other.some((each) => isSameQuantity(quantity, each)) &&
      !(
        quantity.value >= 1000 &&
        prompt.keys.has(String(quantity.value)) &&
        !other.some((each) => each.value === quantity.value)
      ),
  );
}

/** Conversions are given rounded ("5 km", "3.1 miles"): half a percent is the same quantity. */
const CONVERSION_TOLERANCE = 0.005;

/** Any number of so many decimal digits survives in a double (IEEE 754). */
const EXACT_DIGITS = 15;

export function isSameQuantity(a: Quantity, b: Quantity): boolean {
  if (a.unit === null || b.unit === null || a.unit.name === b.unit.name) return isSameValue(a, b);
  // "£5" and "5 pounds": of money or of weight.
  if (isPound(a.unit.name) && isPound(b.unit.name)) return isSameValue(a, b);
  if (a.unit.dimension !== b.unit.dimension) return false;
  const baseA = a.value * a.unit.factor + a.unit.offset;
  const baseB = b.value * b.unit.factor + b.unit.offset;
  return Math.abs(baseA - baseB) <= CONVERSION_TOLERANCE * Math.max(Math.abs(baseA), Math.abs(baseB));
}

/** Numbers of accounts and orders are longer than a double tells apart: their digits decide. */
function isSameValue(a: Quantity, b: Quantity): boolean {
  if (a.value !== b.value) return false;
  if (Number.isSafeInteger(a.value)) return true;
  const [digitsOfA, digitsOfB] = [a, b].map(({ text }) => text.replaceAll(/\D/g, "")) as [string, string];
  return Math.min(digitsOfA.length, digitsOfB.length) <= EXACT_DIGITS || digitsOfA === digitsOfB;
}

function isPound(name: string): boolean {
  return name === "pound" || name === "gbp";
}

function texts(quantities: readonly Quantity[]): readonly string[] {
  return [...new Set(quantities.map((quantity) => quantity.text))];
}
