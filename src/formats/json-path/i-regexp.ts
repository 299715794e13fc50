// Regular expressions of RFC 9485 in time linear in the text: both pattern and text come from the caller, and a
// backtracking engine takes exponential time on `(a*)*b`. States are simulated in parallel (Thompson, 1968).

/** Instructions after repetitions are written out: `(x{100}){100}` must not become a large program. */
const MAX_INSTRUCTIONS = 1_000;

type Instruction =
  | { readonly kind: "character"; readonly matches: RegExp }
  | { readonly kind: "split"; readonly to: readonly number[] }
  | { readonly kind: "start" | "end" };

export interface Regexp {
  readonly program: readonly Instruction[];
}

/** Null: not an I-Regexp, or larger than the cap; RFC 9535 lets such a pattern match nothing. */
export function compileRegexp(pattern: string): Regexp | null {
  try {
    const compiler = new RegexpCompiler(pattern);
    return { program: compiler.compile() };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Whether `text` as a whole, or some part of it, is in the language. `spend` is told the steps as they are taken. */
export function matchesRegexp(regexp: Regexp, text: string, whole: boolean, spend: (steps: number) => void): boolean {
  const { program } = regexp;
  const accept = program.length;
  let states = new Set<number>();
  let position = 0;
  // Also for an empty text, whose characters spend nothing: the first states may be as many as the program is long.
  spend(program.length >> 2);
  const enter = (into: Set<number>, first: number, at: number) => {
    const pending = [first];
    for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
      if (into.has(state)) continue;
      into.add(state);
      const instruction = program[state];
      if (instruction?.kind === "split") pending.push(...instruction.to);
      else if (instruction?.kind === "start" && at === 0) pending.push(state + 1);
      else if (instruction?.kind === "end" && at === text.length) pending.push(state + 1);
    }
  };
  enter(states, 0, 0);
  for (const character of text) {
    if (!whole && states.has(accept)) return true;
    spend(2 + 2 * states.size);
    const next = new Set<number>();
    position += character.length;
    for (const state of states) {
      const instruction = program[state];
      if (instruction?.kind === "character" && instruction.matches.test(character)) enter(next, state + 1, position);
    }
    if (!whole) enter(next, 0, position);
    if (next.size === 0) return false;
    states = next;
  }
  return states.has(accept);
}

class RegexpCompiler {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  compile(): readonly Instruction[] {
    const program = this.#alternatives(0);
    if (this.#at < this.#pattern.length) throw new SyntaxError("unbalanced )");
    return program;
  }

  /** Instructions are position independent while they are built: `split` counts from itself, see {@link link}. */
  #alternatives(depth: number): readonly Instruction[] {
    if (depth > 20) throw new SyntaxError("too deep");
    let program = this.#branch(depth);
    while (this.#take("|")) {
      program = either(program, this.#branch(depth));
      if (program.length > MAX_INSTRUCTIONS) throw new SyntaxError("too large");
    }
    return depth === 0 ? link(program) : program;
  }

  #branch(depth: number): readonly Instruction[] {
    const program: Instruction[] = [];
    while (this.#at < this.#pattern.length && !/[|)]/.test(this.#pattern[this.#at] ?? "")) {
      program.push(...this.#quantified(this.#atom(depth)));
      if (program.length > MAX_INSTRUCTIONS) throw new SyntaxError("too large");
    }
    return program;
  }

  #atom(depth: number): readonly Instruction[] {
    if (this.#take("(")) {
      const inner = this.#alternatives(depth + 1);
      if (!this.#take(")")) throw new SyntaxError("expected )");
      return inner;
    }
    // Literal in RFC 9485's grammar, anchors in the compliance suite of RFC 9535 and in every engine.
    if (this.#take("^")) return [{ kind: "start" }];
    if (this.#take("$")) return [{ kind: "end" }];
    if (this.#take(".")) return [{ kind: "character", matches: /^[^\n\r]$/u }];
    const escape = String.raw`\\[()*+\-.?[\\\]^nrt{|}]|\\[pP]\{[A-Za-z]{1,2}\}`;
    const text =
      this.#match(new RegExp(String.raw`\[\^?(?:${escape}|[^\\[\]])+\]`, "uy")) ??
      this.#match(new RegExp(escape, "uy")) ??
      this.#match(/[^()*+.?[\\\]{|}]/uy);
    if (text === null) throw new SyntaxError("expected a character");
    // "-" needs no escape outside of a class, and may not have one there in Unicode mode.
    const source = text === String.raw`\-` ? "-" : text.replace(/^[/]$/, String.raw`\/`);
    return [{ kind: "character", matches: new RegExp(`^${source}$`, "u") }];
  }

  #quantified(atom: readonly Instruction[]): readonly Instruction[] {
    const sign = this.#match(/[*+?]|\{[0-9]{1,4}(?:,[0-9]{0,4})?\}/y);
    if (sign === null) return atom;
    if (sign === "*") return repeat(atom);
    if (sign === "?") return optional(atom);
    if (sign === "+") return [...atom, ...repeat(atom)];
    const [least = "0", most] = sign.slice(1, -1).split(",");
    const low = Number(least);
    const high = most === undefined ? low : most === "" ? low : Number(most);
    if (high < low || Math.max(high, 1) * atom.length > MAX_INSTRUCTIONS) throw new SyntaxError("repetition");
    const program: Instruction[] = [];
    for (let count = 0; count < low; count++) program.push(...atom);
    if (most === "") program.push(...repeat(atom));
    // As optional(atom optional(atom ...)), put down at once: each may go on to its atom or leave them all.
    for (let left = high - low; left > 0; left--)
      program.push({ kind: "split", to: [1, left * (atom.length + 1)] }, ...atom);
    return program;
  }

  #take(expected: string): boolean {
    if (this.#pattern[this.#at] !== expected) return false;
    this.#at++;
    return true;
  }

  #match(sticky: RegExp): string | null {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#pattern)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }
}

function optional(atom: readonly Instruction[]): readonly Instruction[] {
  return [{ kind: "split", to: [1, atom.length + 1] }, ...atom];
}

function repeat(atom: readonly Instruction[]): readonly Instruction[] {
  return [{ kind: "split", to: [1, atom.length + 2] }, ...atom, back(atom.length + 1)];
}

function either(left: readonly Instruction[], right: readonly Instruction[]): readonly Instruction[] {
  return [{ kind: "split", to: [1, left.length + 2] }, ...left, { kind: "split", to: [right.length + 1] }, ...right];
}

function back(distance: number): Instruction {
  return { kind: "split", to: [-distance] };
}

function link(program: readonly Instruction[]): readonly Instruction[] {
  return program.map((instruction, at) =>
    instruction.kind === "split" ? { kind: "split", to: instruction.to.map((offset) => at + offset) } : instruction,
  );
}
