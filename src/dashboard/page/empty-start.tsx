import { Button } from "./button.tsx";
import { say } from "./toasts.tsx";

/** What to do on a fresh install. */
export function EmptyStart({ what }: { readonly what: string }) {
  const base = new URL(".", location.href).href.replace(/\/$/, "");
  const curl = `curl ${base}/v1/chat/completions \\
  -H "authorization: Bearer $OPENAI_API_KEY" -H "content-type: application/json" \\
  -d '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is the capital of France?"}]}'`;
  const sdk = `client = OpenAI(base_url="${base}/v1")`;
  return (
    <div class="start">
      <h2>{what}</h2>
      <p>Send the first request. Ask the same again, or the same in other words, and it is answered from the cache.</p>
      <Snippet label="With curl" text={curl} />
      <Snippet label="With an OpenAI SDK, only the base URL changes" text={sdk} />
      <p class="dim">
        For Anthropic's SDK: <code>base_url="{base}"</code>. This page shows each request as it comes.
      </p>
    </div>
  );
}

function Snippet({ label, text }: { readonly label: string; readonly text: string }) {
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => say("Copied."),
      () => say("The browser does not let this page copy. Select the text instead.", "failed"),
    );
  return (
    <figure class="snippet">
      <figcaption>
        {label}
        <Button class="small" onClick={() => void copy()}>
          Copy
        </Button>
      </figcaption>
      <pre tabIndex={0}>{text}</pre>
    </figure>
  );
}
