import { describe, expect, it } from "vitest";
import { isForeignPrompt } from "./prompt-language.ts";

describe("other languages", () => {
  it.each([
    "Was ist die Hauptstadt von Frankreich?",
    "Wie kann ich mein Passwort zur\u00FCcksetzen?",
    "Quelle est la capitale de la France ?",
    "Comment faire du pain ?",
    "\u00BFCu\u00E1l es la capital de Francia?",
    "C\u00F3mo hacer pan en casa",
    "Qual \u00E9 a capital da Fran\u00E7a?",
    "Come si fa il pane in casa e quanto tempo ci vuole?",
    "Wat is de hoofdstad van Frankrijk?",
    "Hur kan jag l\u00E4ra mig svenska?",
    "\u041A\u0430\u043A\u0430\u044F \u0441\u0442\u043E\u043B\u0438\u0446\u0430 \u0424\u0440\u0430\u043D\u0446\u0438\u0438?",
    "\u30D5\u30E9\u30F3\u30B9\u306E\u9996\u90FD\u306F\u3069\u3053\u3067\u3059\u304B",
    "\uD504\uB791\uC2A4\uC758 \uC218\uB3C4\uB294?",
    "\u0645\u0627 \u0647\u064A \u0639\u0627\u0635\u0645\u0629 \u0641\u0631\u0646\u0633\u0627\u061F",
  ])("%s", (prompt) => expect(isForeignPrompt(prompt)).toBe(true));
});

describe("English, code and names", () => {
  it.each([
    "What is the capital of France?",
    "best pizza dough",
    "python sort list descending",
    "SELECT name FROM users WHERE id = 1",
    "for (let i = 0; i < n; i++) sum += a[i]",
    "Who was Jean-Paul Sartre?",
    "recipe for cr\u00E8me br\u00FBl\u00E9e",
    "What does c'est la vie mean in English?",
    "MIT vs Apache licence",
    "Los Angeles to Las Vegas by bus",
    "is aluminium a metal",
    "die cast toys",
    "What is \u03C0 to five digits?",
    "Explain vis-\u00E0-vis",
    "hello",
  ])("%s", (prompt) => expect(isForeignPrompt(prompt)).toBe(false));
});
