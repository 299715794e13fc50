const groups = `
usa: united states of america|united states|u.s.a|u.s|u.s.a.|u.s.|america
uk: united kingdom|u.k|u.k.|great britain|britain
uae: united arab emirates
eu: european union
un: united nations
nyc: new york city|new york|n.y.c|n.y.c.
new-york-state: new york state|state of new york
los-angeles: los angeles|l.a.
san-francisco: san francisco|sf
washington-dc: washington dc|washington d.c.|washington d.c
ussr: soviet union
who-org: world health organization|world health organisation
nasa: national aeronautics and space administration
ai: artificial intelligence
ml: machine learning
nlp: natural language processing
llm: large language model|llms|large language models
gpu: graphics card
cpu: central processing unit
os: operating system
ui: user interface
api: application programming interface|apis
sql: structured query language
html: hypertext markup language
http: hypertext transfer protocol
url: urls
pdf: pdfs
js: javascript
ts: typescript
k8s: kubernetes
postgres: postgresql|postgre
mongo: mongodb
golang: go language
node: node.js|nodejs
react: react.js|reactjs
vue: vue.js|vuejs
c++: cpp|c plus plus
c#: csharp|c sharp
tv: television
phone: telephone
bike: bicycle
photo: photograph
photos: photographs
info: information
app: application
ad: advertisement
exam: examination
lab: laboratory
dr: doctor
mr: mister
prof: professor
vs: versus|v.s.|vs.
ww2: world war ii|world war 2|world war two|second world war|wwii|ww ii|ww 2
ww3: world war iii|world war 3|third world war|wwiii
ww1: world war i|world war 1|world war one|first world war|wwi|ww i|ww 1
covid: covid-19|covid19|coronavirus|corona virus|corona|coronavirus disease
hiv: human immunodeficiency virus
aids: acquired immunodeficiency syndrome
adhd: attention deficit hyperactivity disorder
ibs: irritable bowel syndrome
copd: chronic obstructive pulmonary disease
uti: urinary tract infection
gdp: gross domestic product
ceo: chief executive officer
cfo: chief financial officer
cto: chief technology officer
nba: national basketball association
nfl: national football league
bmw: bayerische motoren werke
jfk: john f kennedy|john f. kennedy
mlk: martin luther king|martin luther king jr
phd: ph.d|ph.d.|doctorate
am: a.m|a.m.
pm: p.m|p.m.
mph: miles per hour|mile per hour
kmh: kilometers per hour|kilometres per hour|kilometer per hour|km/h|kph|kmph
chf: swiss francs|swiss franc
mount: mt|mt.
saint: st.
netherlands: holland
czechia: czech republic
mac: macos|mac os|os x|osx|mac os x
new-jersey: new jersey
new-mexico: new mexico
ms: microsoft
asap: as soon as possible
diy: do it yourself
faq: frequently asked questions
eli5: explain like i'm five|explain like i am five|explain like im five|explain like i'm 5|explain like i am 5
`;

/** Spelling (lower-case words joined by a space) to the one that stands for all of its group. */
export const aliases: ReadonlyMap<string, string> = new Map(
  groups
    .trim()
    .split("\n")
    .flatMap((line) => {
      const colon = line.indexOf(": ");
      const name = line.slice(0, colon);
      return line
        .slice(colon + 2)
        .split("|")
        .map((spelling): [string, string] => [spelling, name]);
    }),
);

/** Spellings that are an alias only in capitals: "us" is a pronoun, "US" a country. */
export const capitalAliases: ReadonlyMap<string, string> = new Map([
  ["US", "usa"],
  ["WHO", "who-org"],
  ["LA", "los-angeles"],
  ["IT", "it-department"],
  ["St", "saint"],
  ["Mt", "mount"],
  ["AD", "ce"],
  ["CE", "ce"],
  ["BC", "bce"],
  ["BCE", "bce"],
  ["AZ", "arizona"],
  ["AK", "alaska"],
  ["CA", "california"],
  ["CO", "colorado"],
  ["CT", "connecticut"],
  ["FL", "florida"],
  ["GA", "georgia"],
  ["IA", "iowa"],
  ["IL", "illinois"],
  ["KS", "kansas"],
  ["KY", "kentucky"],
  ["MI", "michigan"],
  ["MN", "minnesota"],
  ["MO", "missouri"],
  ["MT", "montana"],
  ["NE", "nebraska"],
  ["NV", "nevada"],
  ["NJ", "new-jersey"],
  ["NM", "new-mexico"],
  ["OH", "ohio"],
  ["PA", "pennsylvania"],
  ["TN", "tennessee"],
  ["TX", "texas"],
  ["UT", "utah"],
  ["VA", "virginia"],
  ["VT", "vermont"],
  ["WA", "washington"],
  ["WI", "wisconsin"],
  ["WY", "wyoming"],
]);

export const longestAlias = 5;

/** First words of all spellings: most words of a prompt begin none. */
export const aliasOpeners: ReadonlySet<string> = new Set(
  [...aliases.keys()].map((spelling) => spelling.split(" ")[0] ?? ""),
);
