const lines = `
be: am are is was were been being
have: has had having
do: does did done doing
go: goes went gone going
get: gets got gotten getting
make: makes made making
take: takes took taken taking
give: gives gave given giving
find: finds found finding
buy: buys bought buying
sell: sells sold selling
win: wins won winning
lose: loses lost losing
write: writes wrote written writing
read: reads reading
run: runs ran running
begin: begins began begun beginning
become: becomes became becoming
build: builds built building
teach: teaches taught teaching
learn: learns learnt learned learning
lend: lends lent lending
send: sends sent sending
spend: spends spent spending
rise: rises rose risen rising
fall: falls fell fallen falling
fly: flies flew flown flying
come: comes came coming
know: knows knew known knowing
think: thinks thought thinking
say: says said saying
see: sees saw seen seeing
hide: hides hid hidden hiding
break: breaks broke broken breaking
drive: drives drove driven driving
eat: eats ate eaten eating
leave: leaves left leaving
keep: keeps kept keeping
hold: holds held holding
man: men
woman: women
child: children kids kid
person: people persons
foot: feet
tooth: teeth
mouse: mice
life: lives
wife: wives
good: better best
bad: worse worst
`;

/** Inflected form to base form, lower case; only forms that the suffix rules of `stem` would miss. */
export const irregularForms: ReadonlyMap<string, string> = new Map(
  lines
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [base = "", forms = ""] = line.split(": ");
      // Comparatives keep their own meaning: "good" and "best" ask different things.
      if (base === "good" || base === "bad") return [];
      // "left" is a direction at least as often as a form of "leave".
      return forms
        .split(" ")
        .flatMap((form): [string, string][] => (form === "left" ? [] : [[form, stemOfBase(base)]]));
    }),
);

/** Bases of five letters and more lose a silent e in `stem`; the forms must meet them there. */
function stemOfBase(base: string): string {
  return base.length > 4 && base.endsWith("e") && !/[aeo]e$/.test(base) ? base.slice(0, -1) : base;
}
