import { describe, expect, it } from "vitest";
import { readLines } from "../base/text-lines.ts";
import { readFaqLines, readFaqTable } from "./faq-items.ts";
import type { ImportItem, PutDefaults } from "./import-item.ts";

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function all(items: AsyncIterable<ImportItem>): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const item of items) {
    read.push(item.kind === "line" ? [item.number, JSON.parse(item.text)] : item);
  }
  return read;
}

const table = (text: string, defaults: PutDefaults = {}) =>
  all(readFaqTable(chunks(text), defaults, { maxBytes: 1_000 }));
const lines = (text: string, defaults: PutDefaults = {}) =>
  all(readFaqLines(readLines(chunks(text), { maxBytes: 1_000 }), defaults));

describe("a table", () => {
  it("becomes values under keys; columns in any order, empty fields say nothing", async () => {
    const text = 'ttl,data,key,tags,namespace\n60,"a, b\nc",What?,"x, y",docs\n,,How?,,\n';
    expect(await table(text, { namespace: "faq", ttl: 5, tags: ["d"] })).toEqual([
      [3, { semcache_put: 1, key: "What?", data: "a, b\nc", ttl: 60, tags: ["x", "y"], namespace: "docs" }],
      [4, { semcache_put: 1, key: "How?", data: "", ttl: 5, tags: ["d"], namespace: "faq" }],
    ]);
  });

  it("goes on behind a row that is wrong", async () => {
    expect(await table("key,data,ttl\na,b\na,b,soon\n,c,\n")).toEqual([
      { kind: "refused", number: 2, message: "it has 2 fields, the first line 3" },
      { kind: "refused", number: 3, message: 'ttl: "soon" is not a number of seconds' },
      [4, { semcache_put: 1, key: "", data: "c" }],
    ]);
  });

  it.each<[string, RegExp]>([
    ["key;data\na;b", /there is no column key in "key;data"/],
    ["key,answer\na,b", /there is no column data/],
    ["key,data,tag\na,b,c", /the column "tag" is unknown/],
    ["key,data,key\na,b,c", /the column key is there twice/],
  ])("%j is refused whole", async (text, message) => {
    await expect(table(text)).rejects.toThrow(message);
  });
});

describe("JSON lines", () => {
  it("become values under keys", async () => {
    const text = '{"key":"What?","data":"a"}\n\n{"data":"b","key":"How?","ttl":1.5,"tags":["x"]}';
    expect(await lines(text, { ttl: 9 })).toEqual([
      [1, { semcache_put: 1, key: "What?", data: "a", ttl: 9 }],
      [3, { semcache_put: 1, key: "How?", data: "b", ttl: 1.5, tags: ["x"] }],
    ]);
  });

  it.each([
    ["[]", "it is not a JSON object"],
    ["{", "it is not JSON"],
    ['{"key":"a","data":"b","tag":"c"}', "tag is not one of key, data, ttl, tags, namespace"],
    ['{"semcache_entry":1}', "semcache_entry is not one of key, data, ttl, tags, namespace"],
  ])("%s is refused", async (text, message) => {
    expect(await lines(text)).toEqual([{ kind: "refused", number: 1, message }]);
  });
});
