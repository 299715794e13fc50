import { render } from "preact";
import { App } from "./app.tsx";
import { forgetPromptsWhenLocked, takeBatch } from "./decision-list.ts";
import { followBrowser, onDecisions, startDesk } from "./desk.ts";
import { followAddress } from "./tabs.tsx";
import { followTheme } from "./theme.ts";

const desk = document.getElementById("desk");
if (desk) {
  followTheme();
  followAddress();
  followBrowser();
  onDecisions(takeBatch);
  forgetPromptsWhenLocked();
  render(<App />, desk);
  startDesk();
}
