/**
 * What `token_type_ids` tell the model of a pair. `segments`: 0 for the first text, 1 for the second (BERT). `matches`:
 * also whether the other text has the token, 2 and 3 where it has not (exact-match marking, arXiv 2010.13796).
 */
export type TokenTypes = "segments" | "matches";

export interface FramedPair {
  readonly ids: number[];
  readonly types: number[];
}

/**
 * BERT's uncased WordPiece tokenizer (Devlin et al. 2018; Wu et al. 2016): clean, strip accents, lower-case, split at
 * white space, punctuation and CJK, then the longest known piece first. Gives the ids of Hugging Face `tokenizers`, with
 * one difference meant: `[SEP]`, `[MASK]`... in a prompt are text, never special tokens, so that a prompt cannot forge
 * the border between the two prompts of a pair.
 */
export class WordPieceTokenizer {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #longestPiece: number;
  readonly #maxWordChars: number;
  readonly #prefix: string;
  readonly unknownId: number;
  readonly #startId: number;
  readonly #endId: number;

  /** @param definition the parsed `tokenizer.json`; its stored padding and truncation are not applied. */
  constructor(definition: unknown) {
    const { vocabulary, unknownToken, prefix, maxWordChars } = parseDefinition(definition);
    this.#ids = new Map(Object.entries(vocabulary));
    this.#longestPiece = Math.max(...Object.keys(vocabulary).map((piece) => piece.length));
    this.#maxWordChars = maxWordChars;
    this.#prefix = prefix;
    this.unknownId = this.#idOf(unknownToken);
    this.#startId = this.#idOf("[CLS]");
    this.#endId = this.#idOf("[SEP]");
  }

  /** Ids of the text alone, without special tokens. */
  encode(text: string): number[] {
    const ids: number[] = [];
    for (const word of splitWords(normalizeText(text))) this.#encodeWord(word, ids);
    return ids;
  }

  /** `[CLS] a [SEP]` */
  frame(a: readonly number[]): number[] {
    return [this.#startId, ...a, this.#endId];
  }

  /** `[CLS] a [SEP] b [SEP]`, and the type of each of these ids. */
  framePair(a: readonly number[], b: readonly number[], types: TokenTypes): FramedPair {
    const ids = [this.#startId, ...a, this.#endId, ...b, this.#endId];
    const firstSegment = a.length + 2;
    if (types === "segments") return { ids, types: ids.map((_, index) => (index < firstSegment ? 0 : 1)) };
    const [ofA, ofB] = [new Set(a), new Set(b)];
    const marks = [0, ...a.map((id) => (ofB.has(id) ? 0 : 2)), 0, ...b.map((id) => (ofA.has(id) ? 1 : 3)), 1];
    return { ids, types: marks };
  }

  #encodeWord(word: string, ids: number[]): void {
    if (word.length > this.#maxWordChars && [...word].length > this.#maxWordChars) {
      ids.push(this.unknownId);
      return;
    }
    const known = ids.length;
    let start = 0;
    while (start < word.length) {
      let end = Math.min(word.length, start + this.#longestPiece);
      let id: number | undefined;
      for (; end > start; end--) {
        const piece = word.slice(start, end);
        id = this.#ids.get(start === 0 ? piece : this.#prefix + piece);
        if (id !== undefined) break;
      }
      if (id === undefined) {
        // One unknown piece makes the whole word unknown.
        ids.length = known;
        ids.push(this.unknownId);
        return;
      }
      ids.push(id);
      start = end;
    }
  }

  #idOf(token: string): number {
    const id = this.#ids.get(token);
    if (id === undefined) throw new TypeError(`Cannot read the tokenizer: its vocabulary lacks ${token}`);
    return id;
  }
}

// Hugging Face's table; it begins one block at U+2B920 where the standard has U+2B820, and the ids must be the same.
const cjk =
  /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;
const dropped = /[\0\ufffd\p{Cf}\p{Co}]|(?![\t\n\r])\p{Cc}/gu;
const ascii = /^[\t\n\r\x20-\x7e]*$/;
const word = /[$+<=>^`|~\p{P}]|[^\p{White_Space}$+<=>^`|~\p{P}]+/gu;

function normalizeText(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  return (
    text
      .replace(dropped, "")
      .replace(cjk, " $& ")
      .normalize("NFD")
      .replace(/\p{Mn}/gu, "")
      // The model was trained with letters lower-cased one by one, without the final form of sigma.
      .replaceAll("\u03a3", "\u03c3")
      .toLowerCase()
  );
}

function splitWords(text: string): readonly string[] {
  return text.match(word) ?? [];
}

function parseDefinition(definition: unknown): {
  readonly vocabulary: Readonly<Record<string, number>>;
  readonly unknownToken: string;
  readonly prefix: string;
  readonly maxWordChars: number;
} {
  const { normalizer, pre_tokenizer, model } = definition as {
    readonly normalizer?: { readonly type?: string; readonly lowercase?: boolean };
    readonly pre_tokenizer?: { readonly type?: string };
    readonly model?: {
      readonly type?: string;
      readonly vocab?: Readonly<Record<string, number>>;
      readonly unk_token?: string;
      readonly continuing_subword_prefix?: string;
      readonly max_input_chars_per_word?: number;
    };
  };
  const kind = `${normalizer?.type} ${pre_tokenizer?.type} ${model?.type}`;
  if (kind !== "BertNormalizer BertPreTokenizer WordPiece" || normalizer?.lowercase !== true || !model?.vocab)
    throw new TypeError(`Cannot read the tokenizer: "${kind}" is not uncased BERT WordPiece`);
  return {
    vocabulary: model.vocab,
    unknownToken: model.unk_token ?? "[UNK]",
    prefix: model.continuing_subword_prefix ?? "##",
    maxWordChars: model.max_input_chars_per_word ?? 100,
  };
}
