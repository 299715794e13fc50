import type { JsonValue } from "../../base/json.ts";

/** A JSONPath query as RFC 9535 defines it, parsed and checked to be well-typed. */
export interface Query {
  /** `$`: the whole body; `@`: the value that a filter looks at. */
  readonly origin: "$" | "@";
  readonly segments: readonly Segment[];
  /** At most one node: names and indexes only (RFC 9535, 2.3.5.1). */
  readonly isSingular: boolean;
}

export interface Segment {
  readonly kind: "child" | "descendant";
  readonly selectors: readonly Selector[];
}

export type Selector =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "wildcard" }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "slice"; readonly start: number | null; readonly end: number | null; readonly step: number }
  | { readonly kind: "filter"; readonly condition: Condition };

export type Condition =
  | { readonly kind: "or" | "and"; readonly terms: readonly Condition[] }
  | { readonly kind: "not"; readonly term: Condition }
  | { readonly kind: "exists"; readonly query: Query }
  | { readonly kind: "compare"; readonly operator: ComparisonOperator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: "regexp"; readonly whole: boolean; readonly subject: Operand; readonly pattern: Operand };

export type ComparisonOperator = "==" | "!=" | "<=" | ">=" | "<" | ">";

/** What yields one value or nothing. */
export type Operand =
  | { readonly kind: "literal"; readonly value: JsonValue }
  | { readonly kind: "query"; readonly query: Query }
  | { readonly kind: "length"; readonly of: Operand }
  | { readonly kind: "count" | "value"; readonly query: Query };
