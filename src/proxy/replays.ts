import { LRUCache } from "lru-cache";
import type { Dialect, Replay } from "../formats/dialect.ts";
import type { AnswerForm, StoredAnswer } from "../model/answer.ts";

/** Bytes of converted answers that are kept for the next hit, for each form. */
const MAX_BYTES = 8 * 1024 * 1024;

type Converted = LRUCache<StoredAnswer, Replay>;

/** Stored answers in the form that requests ask for. Converting one reads all of its events: done once for each form. */
export class Replays {
  readonly #json = createConverted();
  readonly #stream = createConverted();
  readonly #streamWithUsage = createConverted();

  /** Null: the answer cannot be given in this form. */
  of(dialect: Dialect, answer: StoredAnswer, form: AnswerForm): Replay | null {
    const converted = this.#of(form);
    const known = converted.get(answer);
    if (known) return known;
    const replay = dialect.replay(answer, form);
    if (replay !== null && replay.body !== answer.body) converted.set(answer, replay);
    return replay;
  }

  #of({ shape, includeUsage }: AnswerForm): Converted {
    if (shape === "json") return this.#json;
    return includeUsage ? this.#streamWithUsage : this.#stream;
  }
}

/** The stored body counts too: the key keeps it alive when its entry has left the store. */
function createConverted(): Converted {
  return new LRUCache({ maxSize: MAX_BYTES, sizeCalculation: ({ body }, key) => 500 + body.length + key.body.length });
}
