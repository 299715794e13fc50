// One grammar, one file: a recursive descent over RFC 9535's ABNF (appendix A), with its rules for types (2.4.3).
// Hand-written because a wrong node would be a wrong prompt, and the parsers we tried read `a && b && c` as
// `a && (b || c)`, take unknown functions for false, and cost more than the rest of a lookup.
import type { JsonValue } from "../../base/json.ts";
import type { ComparisonOperator, Condition, Operand, Query, Segment, Selector } from "./query.ts";

/** Says what is wrong and where; `at` counts characters from 0. */
export class QuerySyntaxError extends Error {
  readonly at: number;
  constructor(problem: string, at: number) {
    super(`${problem} at character ${at}`);
    this.at = at;
  }
}

/** @throws {QuerySyntaxError} */
export function parseQuery(text: string): Query {
  return new QueryParser(text).parse();
}

/** A function call before its place decides what it may be. */
type Call =
  | { readonly type: "value"; readonly operand: Operand }
  | { readonly type: "logical"; readonly condition: Condition };

/** Filters inside filters; each level multiplies the cost of an evaluation. */
const MAX_NESTING = 16;

const OPERATORS: readonly ComparisonOperator[] = ["==", "!=", "<=", ">=", "<", ">"];
const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  "/": "/",
  "\\": "\\",
};

class QueryParser {
  readonly #text: string;
  #at = 0;
  #nesting = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Query {
    if (!this.#take("$")) this.#fail("expected $");
    const query = this.#query("$");
    if (this.#at < this.#text.length) this.#fail("expected . or [ or the end");
    return query;
  }

  #query(origin: "$" | "@"): Query {
    const segments: Segment[] = [];
    for (;;) {
      const before = this.#at;
      this.#space();
      const segment = this.#segment();
      if (segment === null) {
        this.#at = before;
        break;
      }
      segments.push(segment);
    }
    const isSingular = segments.every(
      ({ kind, selectors }) =>
        kind === "child" && selectors.length === 1 && (selectors[0]?.kind === "name" || selectors[0]?.kind === "index"),
    );
    return { origin, segments, isSingular };
  }

  #segment(): Segment | null {
    if (this.#take("..")) {
      const selectors = this.#text[this.#at] === "[" ? this.#bracketed() : [this.#wildcardOrName()];
      return { kind: "descendant", selectors };
    }
    if (this.#take(".")) return { kind: "child", selectors: [this.#wildcardOrName()] };
    if (this.#text[this.#at] === "[") return { kind: "child", selectors: this.#bracketed() };
    return null;
  }

  #wildcardOrName(): Selector {
    if (this.#take("*")) return { kind: "wildcard" };
    const name = this.#match(/[A-Za-z_\u{80}-\u{D7FF}\u{E000}-\u{10FFFF}][\w\u{80}-\u{D7FF}\u{E000}-\u{10FFFF}]*/uy);
    if (name === null) this.#fail("expected a member name or *");
    return { kind: "name", name };
  }

  #bracketed(): readonly Selector[] {
    this.#at++;
    const selectors: Selector[] = [];
    do {
      this.#space();
      selectors.push(this.#selector());
      this.#space();
    } while (this.#take(","));
    if (!this.#take("]")) this.#fail("expected , or ]");
    return selectors;
  }

  #selector(): Selector {
    const first = this.#text[this.#at];
    if (first === "'" || first === '"') return { kind: "name", name: this.#string() };
    if (this.#take("*")) return { kind: "wildcard" };
    if (this.#take("?")) {
      this.#space();
      return { kind: "filter", condition: this.#nested(() => this.#or()) };
    }
    const start = this.#integer();
    const afterStart = this.#at;
    this.#space();
    if (!this.#take(":")) {
      this.#at = afterStart;
      if (start === null) this.#fail("expected a selector");
      return { kind: "index", index: start };
    }
    this.#space();
    const end = this.#integer();
    this.#space();
    let step: number | null = null;
    if (this.#take(":")) {
      this.#space();
      step = this.#integer();
    }
    return { kind: "slice", start, end, step: step ?? 1 };
  }

  #or(): Condition {
    return this.#chain("||", "or", () => this.#chain("&&", "and", () => this.#basic()));
  }

  #chain(sign: string, kind: "or" | "and", term: () => Condition): Condition {
    const first = term();
    const terms = [first];
    for (;;) {
      const before = this.#at;
      this.#space();
      if (!this.#take(sign)) {
        this.#at = before;
        return terms.length === 1 ? first : { kind, terms };
      }
      this.#space();
      terms.push(term());
    }
  }

  #basic(): Condition {
    if (this.#text[this.#at] === "!" && this.#text[this.#at + 1] !== "=") {
      this.#at++;
      this.#space();
      return { kind: "not", term: this.#text[this.#at] === "(" ? this.#parenthesis() : this.#test() };
    }
    if (this.#text[this.#at] === "(") return this.#parenthesis();
    const start = this.#at;
    const left = this.#literalOrQueryOrCall();
    const end = this.#at;
    this.#space();
    const operator = OPERATORS.find((each) => this.#take(each));
    if (operator === undefined) {
      this.#at = end;
      return this.#toTest(left, start);
    }
    this.#space();
    const rightStart = this.#at;
    const right = this.#literalOrQueryOrCall();
    return { kind: "compare", operator, left: this.#toOperand(left, start), right: this.#toOperand(right, rightStart) };
  }

  #parenthesis(): Condition {
    return this.#nested(() => {
      this.#at++;
      this.#space();
      const condition = this.#or();
      this.#space();
      if (!this.#take(")")) this.#fail("expected )");
      return condition;
    });
  }

  #test(): Condition {
    const start = this.#at;
    return this.#toTest(this.#literalOrQueryOrCall(), start);
  }

  #literalOrQueryOrCall(): Operand | Call {
    const literal = this.#literal();
    if (literal !== undefined) return { kind: "literal", value: literal };
    if (this.#take("@")) return { kind: "query", query: this.#query("@") };
    if (this.#take("$")) return { kind: "query", query: this.#query("$") };
    return this.#call();
  }

  #call(): Call {
    const start = this.#at;
    const name = this.#match(/[a-z][a-z0-9_]*/y);
    if (name === null || !this.#take("(")) {
      this.#at = start;
      this.#fail("expected a literal, a query or a function");
    }
    return this.#nested(() => {
      const items: { readonly start: number; readonly value: Operand | Call }[] = [];
      this.#space();
      if (!this.#take(")")) {
        do {
          this.#space();
          items.push({ start: this.#at, value: this.#literalOrQueryOrCall() });
          this.#space();
        } while (this.#take(","));
        if (!this.#take(")")) this.#fail("expected , or )");
      }
      return this.#typed(name, items, start);
    });
  }

  #typed(name: string, items: readonly { start: number; value: Operand | Call }[], start: number): Call {
    const [first, second] = items;
    const wanted = name === "match" || name === "search" ? 2 : 1;
    if (!["length", "count", "value", "match", "search"].includes(name)) this.#fail(`unknown function ${name}`, start);
    if (items.length !== wanted || first === undefined)
      this.#fail(`${name}() takes ${wanted} argument${wanted === 1 ? "" : "s"}, not ${items.length}`, start);
    if (name === "length")
      return { type: "value", operand: { kind: "length", of: this.#toOperand(first.value, first.start) } };
    if (name === "count" || name === "value") {
      if (!("kind" in first.value) || first.value.kind !== "query") this.#fail(`${name}() takes a query`, first.start);
      return { type: "value", operand: { kind: name, query: first.value.query } };
    }
    if (second === undefined) this.#fail(`${name}() takes 2 arguments`, start);
    return {
      type: "logical",
      condition: {
        kind: "regexp",
        whole: name === "match",
        subject: this.#toOperand(first.value, first.start),
        pattern: this.#toOperand(second.value, second.start),
      },
    };
  }

  #toTest(item: Operand | Call, start: number): Condition {
    if ("type" in item && item.type === "logical") return item.condition;
    if ("kind" in item && item.kind === "query") return { kind: "exists", query: item.query };
    return this.#fail("a value must be compared", start);
  }

  #toOperand(item: Operand | Call, start: number): Operand {
    if ("type" in item) {
      if (item.type === "value") return item.operand;
      return this.#fail("match() and search() cannot be compared", start);
    }
    if (item.kind === "query" && !item.query.isSingular) this.#fail("this query may select several values", start);
    return item;
  }

  #literal(): JsonValue | undefined {
    const first = this.#text[this.#at];
    if (first === "'" || first === '"') return this.#string();
    const number = this.#match(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y);
    if (number !== null) return Number(number);
    const word = this.#match(/(?:true|false|null)(?![a-z0-9_(])/y);
    return word === null ? undefined : (JSON.parse(word) as JsonValue);
  }

  #integer(): number | null {
    const start = this.#at;
    const digits = this.#match(/0|-?[1-9][0-9]*/y);
    if (digits === null) return null;
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) this.#fail(`${digits} is beyond 2^53`, start);
    return value;
  }

  #string(): string {
    const quote = this.#text[this.#at++];
    let value = "";
    for (;;) {
      const start = this.#at;
      const unit = this.#text[this.#at++];
      if (unit === undefined) this.#fail("the string does not end", start);
      if (unit === quote) {
        if (!value.isWellFormed()) this.#fail("a lone surrogate", start);
        return value;
      }
      if (unit < " ") this.#fail("a control character in a string", start);
      value += unit === "\\" ? this.#escape(quote) : unit;
    }
  }

  #escape(quote: string | undefined): string {
    const start = this.#at;
    const unit = this.#text[this.#at++] ?? "";
    if (unit === quote) return unit;
    const plain = Object.hasOwn(ESCAPES, unit) ? ESCAPES[unit] : undefined;
    if (plain !== undefined) return plain;
    const hex = unit === "u" ? this.#match(/[0-9A-Fa-f]{4}/y) : null;
    if (hex === null) this.#fail("an unknown escape", start);
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #nested<T>(parse: () => T): T {
    if (++this.#nesting > MAX_NESTING) this.#fail(`more than ${MAX_NESTING} levels of nesting`);
    const result = parse();
    this.#nesting--;
    return result;
  }

  #space(): void {
    this.#match(/[ \t\n\r]*/y);
  }

  #take(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  #match(sticky: RegExp): string | null {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }

  #fail(problem: string, at = this.#at): never {
    throw new QuerySyntaxError(problem, at);
  }
}
