import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";

/**
 * The page of `GET /admin`: counters and the last decisions. It has no data in it and loads nothing from elsewhere;
 * script and style run under the nonce alone.
 *
 * @param nonce of the response's content-security-policy
 * @param tokenRequired whether to tell at once that a token is needed
 */
export function renderDashboardPage({
  nonce,
  version,
  tokenRequired,
}: {
  readonly nonce: string;
  readonly version: string;
  readonly tokenRequired: boolean;
}): string {
  const hint = tokenRequired
    ? "This page needs the value of server.admin_token."
    : "Without server.admin_token this page works on the machine that Semcache runs on.";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>Semcache</title>
<style nonce="${escapeHtml(nonce)}">${pageStyle}</style>
</head>
<body>
<h1>Semcache <span class="dim">${escapeHtml(version)}</span></h1>
<p><span id="state">connecting</span> <span id="since" class="dim"></span></p>
<noscript><p>This page needs JavaScript; the same numbers are at /dashboard-metrics and /metrics.</p></noscript>
<div id="notice" role="status" hidden>
<p id="message"></p>
<form id="unlock" hidden>
<label>Token <input id="token" type="password" autocomplete="off" required></label>
<button>Unlock</button>
</form>
<p class="dim">${escapeHtml(hint)}</p>
</div>
<main id="content" hidden>
<div id="cards"></div>
<h2>Last decisions</h2>
<div class="scroll"><table>
<thead><tr><th>Time</th><th>Cache</th><th>Reason</th><th>Model</th><th class="number">Similarity</th><th class="number">Confidence</th><th class="number">Status</th><th class="number">Time taken</th><th>Details</th></tr></thead>
<tbody id="decisions"></tbody>
</table></div>
<h2>Reasons since the start</h2>
<div class="scroll"><table>
<thead><tr><th>Kind</th><th>Reason</th><th class="number">Requests</th></tr></thead>
<tbody id="reasons"></tbody>
</table></div>
</main>
<script nonce="${escapeHtml(nonce)}">${pageScript}</script>
</body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
