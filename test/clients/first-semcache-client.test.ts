import { create, isAxiosError, type AxiosInstance } from "axios";
import { beforeAll, describe, expect, it } from "vitest";
import { useSemcache } from "./set-up.ts";

const setUp = useSemcache();

/**
 * The npm package `semcache` 1.0, the client of the first Semcache, is no longer in the registry. This makes exactly
 * its calls, with the HTTP library that it used.
 */
class FirstSemcacheClient {
  readonly #http: AxiosInstance;

  constructor(baseUrl: string) {
    this.#http = create({ baseURL: baseUrl, timeout: 30_000, headers: { "Content-Type": "application/json" } });
  }

  async put(key: string, data: string): Promise<number> {
    return (await this.#http.put("/semcache/v1/put", { key, data })).status;
  }

  async get(key: string): Promise<unknown> {
    try {
      return (await this.#http.post("/semcache/v1/get", { key })).data;
    } catch (error) {
      if (isAxiosError(error) && error.response?.status === 404) return null;
      throw error;
    }
  }
}

describe("npm semcache 1.0", () => {
  let client: FirstSemcacheClient;
  beforeAll(() => {
    client = new FirstSemcacheClient(setUp().semcache.url);
  });

  it("puts and gets", async () => {
    expect(await client.put("What is the capital of France?", "Paris")).toBe(200);
    expect(await client.get("What is the capital of France?")).toBe("Paris");
  });

  it("gets null for what was never put", async () => {
    expect(await client.get("How deep is the Mariana Trench?")).toBeNull();
  });

  it("replaces what the same key had, and keeps every character", async () => {
    const data = 'naïve 数字 👩‍🚀\nsecond line\t"quoted" \\ end ';
    await client.put("A key with ünïcode?", "old");
    expect(await client.put("A key with ünïcode?", data)).toBe(200);
    expect(await client.get("A key with ünïcode?")).toBe(data);
  });

  it("gets for a paraphrase, and null for a near miss", async () => {
    await client.put("How do I reset my password?", "Use the link below the form");
    expect(await client.get("How can I reset my password?")).toBe("Use the link below the form");
    expect(await client.get("How do I reset my username?")).toBeNull();
  });
});
