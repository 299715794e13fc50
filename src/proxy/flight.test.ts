import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SemcacheError } from "../base/errors.ts";
import type { UpstreamHandler, UpstreamHead } from "../upstream/upstream-client.ts";
import { Flight, type FlightOutcome, type FlightReader, type FlightSeat } from "./flight.ts";

const head: UpstreamHead = { status: 200, statusText: "OK", rawHeaders: ["content-type", "text/plain"] };
const broken = new SemcacheError("upstream-broken", "Cannot read the answer: it broke off");

/** A provider whose answer the test plays, call by call. */
class PlayedProvider {
  readonly calls: { handler: UpstreamHandler; paused: boolean; aborted: boolean }[] = [];

  readonly open = (handler: UpstreamHandler) => {
    const call = { handler, paused: false, aborted: false };
    this.calls.push(call);
    return {
      pause: () => void (call.paused = true),
      resume: () => void (call.paused = false),
      abort: () => void (call.aborted = true),
    };
  };

  get last() {
    const call = this.calls.at(-1);
    if (!call) throw new Error("no call was made");
    return call;
  }
}

/** A client with room for `room` bytes until it drains. */
class PlayedReader implements FlightReader {
  seat: FlightSeat | null = null;
  text = "";
  state: "open" | "ended" | "broken" | "failed" = "open";
  heads = 0;
  full = false;
  #slow: boolean;

  constructor(slow = false) {
    this.#slow = slow;
  }

  head() {
    this.heads++;
  }

  write(chunk: Buffer) {
    expect(this.state).toBe("open");
    expect(this.full).toBe(false);
    this.text += chunk.toString("latin1");
    this.full = this.#slow;
    return !this.full;
  }

  drain() {
    this.full = false;
    this.seat?.drained();
  }

  end() {
    this.state = "ended";
  }

  breakOff() {
    this.state = "broken";
  }

  fail() {
    this.state = "failed";
  }
}

function makeFlight(cap = 1000) {
  const provider = new PlayedProvider();
  const outcomes: FlightOutcome[] = [];
  let closed = 0;
  const readers: PlayedReader[] = [];
  const flight = new Flight({
    open: provider.open,
    recordingCapBytes: cap,
    onSettled: (outcome) => {
      // Whoever has the whole answer must find it stored when asking again.
      expect(readers.every(({ state }) => state !== "ended")).toBe(true);
      outcomes.push(outcome);
    },
    onClosed: () => closed++,
  });
  const join = (slow = false) => {
    const reader = new PlayedReader(slow);
    readers.push(reader);
    reader.seat = flight.join(reader);
    return reader;
  };
  return { flight, provider, outcomes, join, closed: () => closed };
}

const bytes = (text: string) => Buffer.from(text, "latin1");

describe("a flight", () => {
  test("makes one call and gives everyone the whole answer, whenever they join", () => {
    const { flight, provider, outcomes, join } = makeFlight();
    const first = join();
    provider.last.handler.onHeaders(head);
    provider.last.handler.onData(bytes("ab"));
    const second = join();
    expect(second).toMatchObject({ heads: 1, text: "ab" });
    provider.last.handler.onData(bytes("cd"));
    provider.last.handler.onEnd();
    expect(provider.calls).toHaveLength(1);
    for (const reader of [first, second]) expect(reader).toMatchObject({ text: "abcd", state: "ended", heads: 1 });
    expect(outcomes).toEqual([{ kind: "complete", head, body: bytes("abcd") }]);
    expect(flight.joinable).toBe(false);
  });

  test("under the cap the fastest reader sets the pace, and the slow one reads from the recording", () => {
    const { provider, join } = makeFlight();
    const slow = join(true);
    const fast = join();
    provider.last.handler.onHeaders(head);
    provider.last.handler.onData(bytes("a"));
    provider.last.handler.onData(bytes("b"));
    expect(provider.last.paused).toBe(false);
    expect(fast.text).toBe("ab");
    expect(slow.text).toBe("a");
    provider.last.handler.onEnd();
    expect(fast.state).toBe("ended");
    expect(slow.state).toBe("open");
    slow.drain();
    slow.drain();
    expect(slow).toMatchObject({ text: "ab", state: "ended" });
  });

  test("a reader alone that is full pauses the provider until it drains", () => {
    const { provider, join } = makeFlight();
    const reader = join(true);
    provider.last.handler.onHeaders(head);
    provider.last.handler.onData(bytes("a"));
    expect(provider.last.paused).toBe(true);
    reader.drain();
    expect(provider.last.paused).toBe(false);
  });

  test("past the cap nobody joins, nothing is kept, and the slowest reader sets the pace", () => {
    const { flight, provider, outcomes, join, closed } = makeFlight(3);
    const slow = join(true);
    const fast = join();
    provider.last.handler.onHeaders(head);
    provider.last.handler.onData(bytes("ab"));
    expect(flight.joinable).toBe(true);
    expect(provider.last.paused).toBe(false);
    provider.last.handler.onData(bytes("cd"));
    expect(flight.joinable).toBe(false);
    expect(closed()).toBe(1);
    expect(provider.last.paused).toBe(true);
    slow.drain();
    expect(slow.text).toBe("abcd");
    expect(provider.last.paused).toBe(true);
    slow.drain();
    expect(provider.last.paused).toBe(false);
    provider.last.handler.onEnd();
    expect(fast).toMatchObject({ text: "abcd", state: "ended" });
    expect(outcomes).toEqual([{ kind: "complete", head, body: null }]);
    expect(closed()).toBe(1);
  });

  test("the call is aborted when the last reader leaves, not before", () => {
    const { provider, outcomes, join } = makeFlight();
    const first = join();
    const second = join();
    provider.last.handler.onHeaders(head);
    first.seat?.leave();
    expect(provider.last.aborted).toBe(false);
    provider.last.handler.onData(bytes("a"));
    expect(first.text).toBe("");
    second.seat?.leave();
    second.seat?.leave();
    expect(provider.last.aborted).toBe(true);
    expect(outcomes).toEqual([{ kind: "abandoned" }]);
  });

  test("a slow reader that leaves no longer holds up the others", () => {
    const { provider, join } = makeFlight(1);
    const slow = join(true);
    join();
    provider.last.handler.onHeaders(head);
    provider.last.handler.onData(bytes("ab"));
    expect(provider.last.paused).toBe(true);
    slow.seat?.leave();
    expect(provider.last.paused).toBe(false);
  });

  test("a failed call of one reader is its error; nothing is asked twice", () => {
    const { provider, outcomes, join } = makeFlight();
    const reader = join();
    provider.last.handler.onError(broken);
    expect(reader.state).toBe("failed");
    expect(provider.calls).toHaveLength(1);
    expect(outcomes).toEqual([{ kind: "broken", error: broken }]);
  });

  test("readers without a byte share one new call after a transport failure, and only one", () => {
    const { provider, join } = makeFlight();
    const readers = [join(), join(), join()];
    provider.last.handler.onError(broken);
    expect(provider.calls).toHaveLength(2);
    expect(readers.map(({ state }) => state)).toEqual(["open", "open", "open"]);
    provider.last.handler.onError(broken);
    expect(provider.calls).toHaveLength(2);
    expect(readers.map(({ state }) => state)).toEqual(["failed", "failed", "failed"]);
  });

  test("an answer that breaks off ends broken for everyone, also for who was behind", () => {
    const { provider, outcomes, join } = makeFlight();
    const fast = join();
    const slow = join(true);
    provider.last.handler.onHeaders(head);
    provider.last.handler.onData(bytes("a"));
    provider.last.handler.onData(bytes("b"));
    provider.last.handler.onError(broken);
    expect([fast.state, slow.state]).toEqual(["broken", "broken"]);
    expect(provider.calls).toHaveLength(1);
    expect(outcomes).toEqual([{ kind: "broken", error: broken }]);
  });

  test("whatever the order of joins, drains, leaves and chunks: who stays gets the whole answer, once, in order", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("join" as const), slow: fc.boolean() }),
      fc.record({ do: fc.constant("data" as const), size: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ do: fc.constant("drain" as const), who: fc.nat(9) }),
      fc.record({ do: fc.constant("leave" as const), who: fc.nat(9) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 200 }), (steps, cap) => {
        const { flight, provider, outcomes, join } = makeFlight(cap);
        const readers = [join()];
        const gone = new Set<PlayedReader>();
        let sent = "";
        provider.last.handler.onHeaders(head);
        for (const action of steps) {
          if (outcomes.length > 0) break;
          const reader = "who" in action ? readers[action.who % readers.length] : undefined;
          if (action.do === "join" && flight.joinable) readers.push(join(action.slow));
          // A paused provider sends nothing more.
          if (action.do === "data" && !provider.last.paused) {
            const chunk = String.fromCharCode(97 + (sent.length % 26)).repeat(action.size);
            sent += chunk;
            provider.last.handler.onData(bytes(chunk));
          }
          if (action.do === "drain" && reader && !gone.has(reader)) reader.drain();
          if (action.do === "leave" && reader) {
            gone.add(reader);
            reader.seat?.leave();
          }
        }
        if (outcomes.length > 0) {
          expect(outcomes).toEqual([{ kind: "abandoned" }]);
          expect(provider.last.aborted).toBe(true);
          return;
        }
        provider.last.handler.onEnd();
        for (const reader of readers) {
          if (gone.has(reader)) continue;
          for (let turns = 0; reader.state === "open" && turns < 100; turns++) reader.drain();
          expect(reader).toMatchObject({ text: sent, state: "ended" });
        }
        expect(provider.calls).toHaveLength(1);
        expect(outcomes).toEqual([{ kind: "complete", head, body: sent.length <= cap ? bytes(sent) : null }]);
      }),
    );
  });
});
