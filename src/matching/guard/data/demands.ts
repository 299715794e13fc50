const languages =
  "english french german spanish italian portuguese russian chinese mandarin japanese korean hindi arabic dutch swedish norwegian danish finnish polish turkish greek hebrew latin thai vietnamese indonesian bengali tamil urdu persian ukrainian czech romanian hungarian swahili";
const programming =
  "python js ts java c c++ c# golang rust ruby php perl swift kotlin scala haskell r matlab bash powershell sql lua julia elixir pseudocode";

const phrases: { readonly [atom: string]: string } = {
  "format:json": "as json|in json|json format|json object|json output|json only",
  "format:xml": "as xml|in xml|xml format",
  "format:yaml": "as yaml|in yaml|yaml format",
  "format:csv": "as csv|in csv|csv format|as a csv",
  "format:html": "as html|in html|html format",
  "format:markdown": "as markdown|in markdown|markdown format|markdown table",
  "format:latex": "as latex|in latex",
  "format:table": "as a table|in a table|table format|tabular form|in tabular|a table of",
  "format:bullets": "bullet points|bullet point|bulleted list|bullet list|bullets|as bullets|in bullets",
  "format:numbered": "numbered list|as a numbered list",
  "format:list": "as a list|in a list|list format",
  "format:code": "with code|code example|code examples|code snippet|show code|show me code",
  "format:no-code": "without code|no code",
  "format:email": "as an email|an email",
  "format:tweet": "as a tweet|a tweet",
  "format:plain": "plain text|as plain text",
  "format:letter": "as a letter|cover letter",
  "format:diagram": "as a diagram|flowchart|a diagram|ascii art",
  "length:brief":
    "briefly|brief|concisely|concise|short answer|in short|shortly|in brief|tl dr|tldr|in a nutshell|keep it short|quick summary|short summary|one liner|one-liner",
  "length:detailed":
    "in detail|detailed|in depth|in-depth|thorough|thoroughly|comprehensive|elaborate|at length|long answer|extensively",
  "length:steps": "step by step|step-by-step|steps|stepwise",
  "count:sentence": "in one sentence|one sentence|a sentence|single sentence",
  "count:sentences": "sentences|sentence summary|sentence answer|sentence description|sentence explanation",
  "count:paragraph": "one paragraph|a paragraph|single paragraph|short paragraph",
  "count:paragraphs": "paragraphs",
  "count:word": "one word|a single word|in a word",
  "count:words":
    "words or less|words or fewer|word summary|word essay|in 100 words|in 50 words|in 200 words|in 10 words|in 20 words",
  "length:essay": "essay|an essay|article|blog post",
  "length:summary": "summary|summarize|summarise|tl;dr|overview",
  "audience:child":
    "eli5|for a child|to a child|for children|to children|for kids|to kids|for a kid|to a kid|year old|year-old|like i am five|like i am 5|for toddlers|for a five|to a five|first grader|for students in elementary|elementary school",
  "audience:beginner":
    "for beginners|for a beginner|to a beginner|for dummies|for newbies|for a novice|for novices|to beginners|for starters",
  "audience:simple":
    "simple terms|simple words|simpler terms|simpler words|more simply|simplify|simply|layman's terms|layman terms|plain english|simple english|easy terms|simple language|layman",
  "audience:expert":
    "for experts|for an expert|to an expert|for professionals|for a professional|technical audience|for engineers|for advanced|for scientists|for a scientist|for an engineer",
  "audience:student": "for students|for a student|high school|college level|for college|graduate level|undergraduate",
  "audience:teens": "for teenagers|for a teenager|for teens",
  "audience:seniors": "for seniors|for the elderly|for elderly",
  "audience:adults": "for adults|for an adult",
  "style:poem": "as a poem|a poem|poem|in verse",
  "style:haiku": "haiku|as a haiku",
  "style:song": "as a song|a song about|song lyrics",
  "style:story": "as a story|short story|a story",
  "style:joke": "a joke|as a joke|joke",
  "style:formal": "formally|formal tone|professional tone|formal|professionally",
  "style:casual": "informally|casual tone|informal|casually|casual|friendly tone",
  "style:funny": "funny|humorous|humorously|funny way",
  "style:sarcastic": "sarcastic|sarcastically",
  "style:pirate": "pirate|like a pirate",
  "style:shakespeare": "shakespeare|shakespearean",
  "evidence:examples": "with examples|with an example|give examples|with example",
  "evidence:no-examples": "without examples",
  "evidence:sources": "with sources|with citations|with references|cite sources",
};

const spoken = languages.split(" ").flatMap((name): [string, string][] => [
  [`in ${name}`, `language:${name}`],
  [`into ${name}`, `language:${name}`],
  [`to ${name}`, `language:${name}`],
  [`from ${name}`, `source:${name}`],
  [`${name} translation`, `language:${name}`],
  [`${name} word for`, `language:${name}`],
]);
const written = programming.split(" ").flatMap((name): [string, string][] => [
  [`in ${name}`, `code:${name}`],
  [`using ${name}`, `code:${name}`],
  [`with ${name}`, `code:${name}`],
  [`${name} code`, `code:${name}`],
  [`${name} script`, `code:${name}`],
  [`${name} function`, `code:${name}`],
]);

/** What a phrase (lower-case words joined by a space) demands of the answer: `type:value`. */
export const demands: ReadonlyMap<string, string> = new Map([
  ...Object.entries(phrases).flatMap(([atom, text]) => text.split("|").map((each): [string, string] => [each, atom])),
  ...spoken,
  ...written,
]);

export const longestDemand = 5;

/** First words of all phrases: most words of a prompt begin none. */
export const demandOpeners: ReadonlySet<string> = new Set(
  [...demands.keys()].map((phrase) => phrase.split(" ")[0] ?? ""),
);
