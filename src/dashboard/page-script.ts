/**
 * The page's own program, plain JavaScript for the browser. Everything that comes from a request is put into the page
 * as text (`textContent`), never as HTML: a prompt may be a script.
 */
export const pageScript = `
"use strict";
const POLL_MS = 3000;
const TOKEN = "semcache-admin-token";
const byId = (id) => document.getElementById(id);

function element(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = String(text);
  if (className) node.className = className;
  return node;
}

function number(value, digits = 0) {
  return value === null || value === undefined ? "\\u2013" : Number(value).toLocaleString(undefined, { maximumFractionDigits: digits });
}

function bytes(value) {
  if (value === null || value === undefined) return "\\u2013";
  const units = ["B", "KiB", "MiB", "GiB"];
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; at++) value /= 1024;
  return number(value, at === 0 ? 0 : 1) + " " + units[at];
}

function ms(value) {
  return value === null || value === undefined ? "\\u2013" : number(value, value < 10 ? 2 : 0) + " ms";
}

async function load(path) {
  const token = sessionStorage.getItem(TOKEN);
  const response = await fetch(path, { headers: token ? { authorization: "Bearer " + token } : {}, cache: "no-store" });
  if (response.ok) return response.json();
  const body = await response.json().catch(() => null);
  const error = new Error(body && body.error && body.error.message ? body.error.message : "HTTP " + response.status);
  error.status = response.status;
  throw error;
}

function showCards(stats) {
  const { totals, store } = stats;
  const limit = (value, text) => (value === null ? "" : " of " + text(value));
  const cards = [
    ["Requests", number(totals.requests)],
    ["Hit rate", totals.hitRate === null ? "\\u2013" : number(totals.hitRate * 100, 1) + " %"],
    ["Exact hits", number(totals.hits.exact)],
    ["Semantic hits", number(totals.hits.semantic)],
    ["Misses", number(totals.misses)],
    ["Bypasses", number(totals.bypasses)],
    ["Tokens saved", number(totals.savedTokens)],
    ["Provider time saved", number(totals.savedSeconds, 1) + " s"],
    ["Entries", number(store.entries) + limit(store.maxEntries, number)],
    ["Cache size", bytes(store.bytes) + limit(store.maxBytes, bytes)],
    ["Exact hit, median", ms(totals.latency.exact.p50Ms)],
    ["Semantic hit, median", ms(totals.latency.semantic.p50Ms)],
    ["Miss, median", ms(totals.latency.miss.p50Ms)],
  ];
  byId("cards").replaceChildren(
    ...cards.map(([name, value]) => {
      const card = element("div", undefined, "card");
      card.append(element("span", name, "dim"), element("b", value));
      return card;
    }),
  );
}

function showReasons(totals) {
  const rows = [
    ...Object.entries(totals.missReasons).map(([reason, count]) => ["miss", reason, count]),
    ...Object.entries(totals.stale).map(([cause, count]) => ["stale", cause, count]),
    ...Object.entries(totals.bypassReasons).map(([reason, count]) => ["bypass", reason, count]),
    ...Object.entries(totals.notStoredReasons).map(([reason, count]) => ["not stored", reason, count]),
    ...Object.entries(totals.errors).map(([reason, count]) => ["error", reason, count]),
  ].sort((a, b) => b[2] - a[2]);
  fill("reasons", rows.map(([kind, reason, count]) => [element("td", kind), element("td", reason), element("td", number(count), "number")]), 3);
}

function describe(decision) {
  const parts = [];
  if (decision.frameDifference) parts.push("differs in: " + decision.frameDifference);
  for (const finding of decision.guard) parts.push(finding.code + ": " + (finding.a || "\\u2013") + " / " + (finding.b || "\\u2013"));
  if (decision.notStored) parts.push("not stored: " + decision.notStored);
  if (decision.error) parts.push("error: " + decision.error);
  if (decision.prompts) {
    parts.push("\\u201c" + decision.prompts.asked + "\\u201d");
    if (decision.prompts.matched) parts.push("matched \\u201c" + decision.prompts.matched + "\\u201d");
  }
  return parts.join(" \\u00b7 ");
}

function showDecisions(decisions) {
  fill(
    "decisions",
    decisions.map((decision) => [
      element("td", new Date(decision.startedAtMs).toLocaleTimeString()),
      element("td", decision.match ? decision.cacheStatus + ", " + decision.match : decision.cacheStatus, decision.cacheStatus),
      element("td", decision.stale ?? decision.reason),
      element("td", decision.model),
      element("td", decision.similarity === null ? null : number(decision.similarity, 3), "number"),
      element("td", decision.confidence === null ? null : number(decision.confidence, 3), "number"),
      element("td", decision.status || "left", "number"),
      element("td", ms(decision.durationMs), "number"),
      element("td", describe(decision), "wide"),
    ]),
    9,
  );
}

function fill(id, rows, columns) {
  const body = byId(id);
  if (rows.length === 0) {
    const cell = element("td", "Nothing yet", "dim");
    cell.colSpan = columns;
    rows = [[cell]];
  }
  body.replaceChildren(
    ...rows.map((cells) => {
      const row = element("tr");
      row.append(...cells);
      return row;
    }),
  );
}

async function refresh() {
  try {
    const [metrics, page] = await Promise.all([load("/dashboard-metrics"), load("/semcache/v1/admin/decisions?limit=50")]);
    const { stats } = metrics;
    byId("state").textContent = [stats.state, ...stats.parts.map((part) => part.name + ": " + part.detail)].join(" \\u00b7 ");
    byId("since").textContent = "since " + new Date(stats.startedAt).toLocaleString() + " \\u00b7 store " + stats.store.kind;
    showCards(stats);
    showReasons(stats.totals);
    showDecisions(page.decisions);
    byId("notice").hidden = true;
    byId("content").hidden = false;
  } catch (error) {
    const locked = error.status === 401;
    byId("message").textContent = locked
      ? "Locked: enter the value of server.admin_token. It is kept in this tab only, until it is closed."
      : "Cannot show the numbers: " + error.message;
    byId("unlock").hidden = !locked;
    byId("notice").hidden = false;
    // What was shown is kept over a short fault, but not for somebody without the token.
    if (locked) byId("content").hidden = true;
  }
}

byId("unlock").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN, byId("token").value);
  byId("token").value = "";
  void refresh();
});

async function poll() {
  if (!document.hidden) await refresh();
  setTimeout(poll, POLL_MS);
}
void poll();
`;
