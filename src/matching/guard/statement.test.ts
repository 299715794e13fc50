import { expect, it } from "vitest";
import { toPromptText } from "./prompt-text.ts";
import { isStatement } from "./statement.ts";

it.each([
  "The ferry to the island was replaced by a bridge in 1998.",
  "In 1924 the committee had met in Oslo and later in Bergen.",
  "The old mill is a museum in the north of the town",
  "The old mill is a museum in the north of the town?",
  "The old mill is a museum in the north of the town you",
  "The old mill is a museum in the north of the town, thank you ?",
  "The ferry was replaced by a bridge in 1998, right?",
  "The ferry was replaced by a bridge, which was built in Oslo?",
  "The ferry was replaced by a bridge in 1998, is that right?",
])("tells something: %s", (prompt) => {
  expect(isStatement(toPromptText(prompt))).toBe(true);
});

it.each([
  "What was the ferry to the island replaced by?",
  "in which year was the bridge to the island opened",
  "The capital of Norway is called what?",
  "In order to graduate in summer , which classes do students take?",
  "The ferry was replaced by a bridge in 1998. Was it cheaper?",
  "The ferry to the island was replaced in which year?",
  "List all courses that are offered in winter",
  "I have been waiting for my order for two weeks",
  "The server is down",
  "weather forecast for the north coast of the island",
])("asks or demands, or is too short to tell: %s", (prompt) => {
  expect(isStatement(toPromptText(prompt))).toBe(false);
});
