const numbered = (lines: readonly string[]): ReadonlyMap<string, number> =>
  new Map(lines.flatMap((line, index) => line.split(" ").map((name): [string, number] => [name, index + 1])));

export const monthNames = numbered([
  "january jan",
  "february feb",
  "march mar",
  "april apr",
  "may",
  "june jun",
  "july jul",
  "august aug",
  "september sept sep",
  "october oct",
  "november nov",
  "december dec",
]);

export const weekdayNames = numbered([
  "monday mon mondays",
  "tuesday tue tues tuesdays",
  "wednesday wed wednesdays",
  "thursday thu thurs thursdays",
  "friday fri fridays",
  "saturday saturdays",
  "sunday sundays",
]);

const times: { readonly [atom: string]: string } = {
  "relative:today": "today",
  "relative:tonight": "tonight",
  "relative:tomorrow": "tomorrow",
  "relative:yesterday": "yesterday",
  "relative:last-week": "last week|past week|previous week",
  "relative:this-week": "this week|current week",
  "relative:next-week": "next week|coming week",
  "relative:last-month": "last month|past month|previous month",
  "relative:this-month": "this month|current month",
  "relative:next-month": "next month|coming month",
  "relative:last-year": "last year|past year|previous year",
  "relative:this-year": "this year|current year",
  "relative:next-year": "next year|coming year",
  "relative:weekend": "weekend|weekends",
  "daypart:morning": "morning|mornings",
  "daypart:noon": "noon|midday",
  "daypart:afternoon": "afternoon|afternoons",
  "daypart:evening": "evening|evenings",
  "daypart:midnight": "midnight",
  "season:spring": "in spring|springtime",
  "season:summer": "summer|summers",
  "season:autumn": "autumn",
  "season:winter": "winter|winters",
  "rate:hourly": "hourly|per hour|every hour|each hour",
  "rate:daily": "daily|per day|every day|each day|everyday",
  "rate:weekly": "weekly|per week|every week|each week",
  "rate:monthly": "monthly|per month|every month|each month",
  "rate:quarterly": "quarterly|per quarter|every quarter|each quarter",
  "rate:yearly": "yearly|annually|annual|per year|every year|each year|per annum",
  "rate:minute": "per minute|every minute|each minute",
  "rate:second": "per second|every second",
};

/** One or two words to the atom that they mean. */
export const namedTimes: ReadonlyMap<string, string> = new Map(
  Object.entries(times).flatMap(([atom, spellings]) =>
    spellings.split("|").map((each): [string, string] => [each, atom]),
  ),
);
