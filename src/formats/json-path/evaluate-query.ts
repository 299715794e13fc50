import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { compileRegexp, matchesRegexp, type Regexp } from "./i-regexp.ts";
import type { Condition, Operand, Query, Segment, Selector } from "./query.ts";

/** A selected value and how it was reached; locations are linked so that a visit costs no copy. */
export interface QueryNode {
  readonly value: JsonValue;
  readonly key: string | number | null;
  readonly parent: QueryNode | null;
}

/** The evaluation took more steps than the caller grants. */
export class QueryBudgetError extends Error {}

/** Steps (nodes visited, values compared, characters matched) that are left. */
export interface Budget {
  left: number;
}

/**
 * The nodes that a query selects, in the order of RFC 9535.
 *
 * @throws {QueryBudgetError} nested descents and filters multiply: without a budget a short path blocks the event loop
 */
export function evaluateQuery(query: Query, body: JsonValue, budget: Budget): readonly QueryNode[] {
  const root: QueryNode = { value: body, key: null, parent: null };
  return select(query, { root, current: root, budget, regexps: new Map() });
}

interface Context {
  readonly root: QueryNode;
  readonly current: QueryNode;
  readonly budget: Budget;
  /** Compiled once per evaluation: a filter asks for the same pattern at every node. */
  readonly regexps: Map<string, Regexp | null>;
}

const NOTHING = Symbol("nothing");
type MaybeValue = JsonValue | typeof NOTHING;

function spend(budget: Budget, steps: number): void {
  budget.left -= steps;
  if (budget.left < 0) throw new QueryBudgetError();
}

function select(query: Query, context: Context): readonly QueryNode[] {
  let nodes: readonly QueryNode[] = [query.origin === "$" ? context.root : context.current];
  for (const segment of query.segments) {
    const selected: QueryNode[] = [];
    for (const node of nodes) applySegment(segment, node, context, selected);
    nodes = selected;
  }
  return nodes;
}

function applySegment(segment: Segment, node: QueryNode, context: Context, selected: QueryNode[]): void {
  // Each may select the same child again: `['a','a','a']` makes three nodes of one.
  spend(context.budget, segment.selectors.length);
  for (const selector of segment.selectors) applySelector(selector, node, context, selected);
  if (segment.kind === "child") return;
  visitChildren(node, (child) => applySegment(segment, child, context, selected));
}

function visitChildren(node: QueryNode, visit: (child: QueryNode) => void): void {
  const { value } = node;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++)
      visit({ value: value[index] as JsonValue, key: index, parent: node });
  } else if (isJsonObject(value)) {
    for (const key of Object.keys(value)) visit({ value: value[key] as JsonValue, key, parent: node });
  }
}

/** Listing the names costs by their number, also where none of the members is visited. */
function namesOf(value: JsonObject, budget: Budget): readonly string[] {
  const names = Object.keys(value);
  spend(budget, names.length);
  return names;
}

function applySelector(selector: Selector, node: QueryNode, context: Context, selected: QueryNode[]): void {
  const { value } = node;
  const { budget } = context;
  switch (selector.kind) {
    case "name":
      if (isJsonObject(value) && Object.hasOwn(value, selector.name))
        selected.push({ value: value[selector.name] as JsonValue, key: selector.name, parent: node });
      return;
    case "index": {
      if (!Array.isArray(value)) return;
      const index = selector.index < 0 ? value.length + selector.index : selector.index;
      if (index >= 0 && index < value.length)
        selected.push({ value: value[index] as JsonValue, key: index, parent: node });
      return;
    }
    case "slice":
      if (!Array.isArray(value)) return;
      for (const index of sliceIndexes(selector.start, selector.end, selector.step, value.length)) {
        spend(budget, 1);
        selected.push({ value: value[index] as JsonValue, key: index, parent: node });
      }
      return;
    case "wildcard":
      visitChildren(node, (child) => {
        spend(budget, 1);
        selected.push(child);
      });
      return;
    case "filter":
      visitChildren(node, (child) => {
        spend(budget, 2);
        if (holds(selector.condition, { ...context, current: child })) selected.push(child);
      });
      return;
    default:
      selector satisfies never;
  }
}

function clamp(index: number, low: number, high: number): number {
  return Math.min(Math.max(index, low), high);
}

/** RFC 9535, 2.3.4.2.2. */
function* sliceIndexes(start: number | null, end: number | null, step: number, length: number): Generator<number> {
  const normalize = (index: number) => (index >= 0 ? index : length + index);
  if (step > 0) {
    const upper = clamp(normalize(end ?? length), 0, length);
    for (let index = clamp(normalize(start ?? 0), 0, length); index < upper; index += step) yield index;
  } else if (step < 0) {
    const lower = clamp(normalize(end ?? -length - 1), -1, length - 1);
    for (let index = clamp(normalize(start ?? length - 1), -1, length - 1); index > lower; index += step) yield index;
  }
}

function holds(condition: Condition, context: Context): boolean {
  spend(context.budget, 1);
  switch (condition.kind) {
    case "or":
      return condition.terms.some((term) => holds(term, context));
    case "and":
      return condition.terms.every((term) => holds(term, context));
    case "not":
      return !holds(condition.term, context);
    case "exists":
      return select(condition.query, context).length > 0;
    case "regexp": {
      const subject = valueOf(condition.subject, context);
      const pattern = valueOf(condition.pattern, context);
      if (typeof subject !== "string" || typeof pattern !== "string") return false;
      const regexp = regexpOf(pattern, context);
      return (
        regexp !== null && matchesRegexp(regexp, subject, condition.whole, (steps) => spend(context.budget, steps))
      );
    }
    case "compare": {
      const left = valueOf(condition.left, context);
      const right = valueOf(condition.right, context);
      switch (condition.operator) {
        case "==":
          return isEqual(left, right, context.budget);
        case "!=":
          return !isEqual(left, right, context.budget);
        case "<":
          return isLess(left, right, context.budget);
        case ">":
          return isLess(right, left, context.budget);
        case "<=":
          return isLess(left, right, context.budget) || isEqual(left, right, context.budget);
        case ">=":
          return isLess(right, left, context.budget) || isEqual(left, right, context.budget);
        default:
          return condition.operator satisfies never;
      }
    }
    default:
      return condition satisfies never;
  }
}

function regexpOf(pattern: string, { regexps, budget }: Context): Regexp | null {
  let regexp = regexps.get(pattern);
  if (regexp === undefined) {
    // Compiling takes some microseconds per character, and patterns may come from the body.
    spend(budget, 50 * pattern.length);
    regexp = compileRegexp(pattern);
    regexps.set(pattern, regexp);
  }
  return regexp;
}

function valueOf(operand: Operand, context: Context): MaybeValue {
  switch (operand.kind) {
    case "literal":
      return operand.value;
    case "query":
    case "value": {
      const nodes = select(operand.query, context);
      const [only] = nodes;
      return nodes.length === 1 && only !== undefined ? only.value : NOTHING;
    }
    case "count":
      return select(operand.query, context).length;
    case "length": {
      const value = valueOf(operand.of, context);
      if (typeof value === "string") {
        spend(context.budget, value.length);
        return [...value].length;
      }
      if (Array.isArray(value)) return value.length;
      return isJsonObject(value) ? namesOf(value, context.budget).length : NOTHING;
    }
    default:
      return operand satisfies never;
  }
}

function isLess(left: MaybeValue, right: MaybeValue, budget: Budget): boolean {
  if (typeof left === "number" && typeof right === "number") return left < right;
  if (typeof left !== "string" || typeof right !== "string") return false;
  spend(budget, left.length + right.length);
  // By Unicode scalar values, not by UTF-16 units (RFC 9535, 2.3.5.2.2).
  return Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0;
}

function isEqual(left: MaybeValue, right: MaybeValue, budget: Budget): boolean {
  // Strings of one length are compared through; 16 characters cost about as much as a visit.
  spend(budget, typeof left === "string" && typeof right === "string" ? 1 + (left.length >> 4) : 1);
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length &&
      left.every((item, index) => isEqual(item as JsonValue, right[index] as JsonValue, budget))
    );
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  const keys = namesOf(left, budget);
  return (
    keys.length === namesOf(right, budget).length &&
    keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key] as JsonValue, right[key] as JsonValue, budget))
  );
}
