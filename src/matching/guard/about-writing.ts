const WRITING =
  /(?<!\p{L})(?:(?:mis)?spel\p{L}*|(?:lower|upper)?cased?|capitals|capital letters?|capitali[sz]\p{L}*|letters?|characters?|chars?|symbols?|signs?|punctuat\p{L}*|commas?|apostrophes?|hyphen\p{L}*|dash(?:es)?|colons?|semicolons?|full stops?|marks?|accents?|quot(?:e|ed|es|ing|ation|ations)|gramma\p{L}*|typos?|typed?|typing|proofread\p{L}*|(?:in)?correct\p{L}*|sentences?|phras\p{L}*|rephras\p{L}*|paraphras\p{L}*|rewrit\p{L}*|paragraphs?|texts?|strings?|lines?|spac(?:e|es|ing|ed)|whitespaces?|blanks?|words?|wording|nouns?|verbs?|adjectives?|adverbs?|pronouns?|prepositions?|articles?|plurals?|vowels?|consonants?|syllables?|pronounc\p{L}*|pronunciation|rhym\p{L}*|acronyms?|abbreviat\p{L}*|contractions?|initials|stands? for|translat\p{L}*|repeat\p{L}*|regex\p{L}*|ascii|unicode|tokens?|titles?|titled)(?!\p{L})/iu;
const CASE =
  /(?<!\p{L})(?:(?:lower|upper|title|camel|mixed)[ -]?case[ds]?|cases?|case-sensitive|capitals|capital letters?|capitali[sz]\p{L}*|spel(?:l|led|ling|lings|t)|letters?|characters?|gramma\p{L}*|proofread\p{L}*|ascii|unicode|regex\p{L}*)(?!\p{L})/iu;

const SPELLING =
  /(?<!\p{L})(?:(?:mis)?spel(?:l|led|ling|lings|t)|stands? for|contractions?|abbreviat\p{L}*|acronyms?|letters?|syllables?|hyphen\p{L}*|apostrophes?|commas?|punctuat\p{L}*|gramma\p{L}*|proofread\p{L}*|capitali[sz]\p{L}*|sentence (?:correct|right))(?!\p{L})/iu;

/** Whether a prompt may be about how something is written: spelling, case, marks, grammar, spaces, or a text to work on. */
export function isAboutWriting(text: string): boolean {
  return WRITING.test(text);
}

/** Whether the spelling or the marks may be what a prompt is about. */
export function isAboutSpelling(text: string): boolean {
  return SPELLING.test(text);
}

/** Whether small and capital letters may be what a prompt is about. */
export function isAboutCase(text: string): boolean {
  return CASE.test(text);
}
