import type { DifferenceKind } from "../difference.ts";

/** Words of one kind of which a question is about one: who has another member of the set asks something else. */
export interface ExclusiveSet {
  readonly kind: Extract<DifferenceKind, `set-${string}`>;
  /** Each member with its synonyms, lower case, one word each. */
  readonly members: readonly (readonly string[])[];
}

const set = (kind: ExclusiveSet["kind"], text: string): ExclusiveSet => ({
  kind,
  members: text.split(" ").map((member) => member.split("/")),
});

export const exclusiveSets: readonly ExclusiveSet[] = [
  set(
    "set-aspect",
    "symptom/symptoms/sign/signs treatment/treatments/treat/treated/cure cause/causes/reason/reasons diagnose/diagnosis/diagnosed outlook/prognosis prevention/prevent complication/complications inheritance/inherited research genetic",
  ),
  set("set-aspect", "mean/average/averages median mode sum/total variance deviation maximum/max minimum/min"),
  set(
    "set-aspect",
    "size/area population capital currency flag/flags height/tall/elevation length/long weight/heavy age/old depth/deep temperature density",
  ),
  set("set-aspect", "his/he/him her/she/hers"),
  set("set-aspect", "salary price/cost/prices/costs tax/taxes"),
  set("set-aspect", "lyrics chords meaning"),
  set("set-aspect", "breakfast lunch dinner/supper snack/snacks dessert"),
  set("set-aspect", "red blue green yellow orange purple pink black white brown gray/grey"),
  set(
    "set-aspect",
    "dog/dogs/puppy cat/cats/kitten horse/horses bird/birds fish/fishes rabbit/rabbits hamster/hamsters",
  ),
  set("set-aspect", "left-sided right-sided bilateral"),
  set(
    "set-aspect",
    "baby/babies/infant/infants/newborn toddler/toddlers teenager/teenagers/teen/teens adult/adults elderly/seniors",
  ),
  set("set-aspect", "solid liquid gas plasma"),
  set("set-aspect", "chapter verse page volume"),
  set("set-aspect", "beginner/beginners/novice intermediate advanced/expert/experts"),
  set("set-aspect", "singular plural"),
  set("set-aspect", "ceo cfo cto coo cmo cio"),
  set("set-aspect", "noun verb adjective adverb pronoun preposition conjunction"),
  set("set-aspect", "circle square triangle rectangle pentagon hexagon octagon"),
  set("set-aspect", "sphere cube cone cylinder pyramid"),
  set("set-aspect", "guitar piano violin drums flute cello trumpet saxophone ukulele"),
  set("set-aspect", "basketball tennis cricket baseball hockey golf rugby volleyball badminton"),
  set("set-aspect", "hydrogen helium oxygen nitrogen carbon sodium potassium calcium magnesium chlorine"),
  set("set-aspect", "refund exchange replacement"),
  set(
    "set-name",
    "python javascript/js typescript/ts java c c++ c# golang rust ruby php perl swift kotlin scala haskell r matlab bash powershell lua julia elixir",
  ),
  set("set-name", "android ios/iphone/ipad windows linux/ubuntu macos/mac"),
  set("set-name", "mysql postgres sqlite mongo redis oracle mariadb cassandra dynamodb"),
  set("set-name", "react angular vue svelte"),
  set("set-name", "aws/amazon azure gcp"),
  set("set-name", "docker podman"),
  set("set-name", "npm yarn pnpm pip conda cargo maven gradle"),
  set("set-name", "chrome firefox safari edge opera"),
  set("set-name", "facebook instagram twitter whatsapp snapchat linkedin tiktok youtube reddit telegram"),
  set(
    "set-name",
    "english/england french/france german/germany spanish/spain italian/italy portuguese/portugal russian/russia chinese/china japanese/japan korean/korea hindi/india/indian arabic dutch/netherlands swedish/sweden polish/poland turkish/turkey greek/greece hebrew/israel",
  ),
  set("set-name", "usa/american uk/british canada/canadian australia/australian mexico/mexican brazil/brazilian"),
  set(
    "set-name",
    "london paris berlin madrid rome tokyo beijing moscow nyc boston chicago seattle houston dallas miami atlanta denver delhi mumbai bangalore hyderabad chennai sydney toronto",
  ),
  set("set-name", "earth mars venus jupiter saturn neptune uranus moon sun pluto mercury"),
  set("set-name", "christmas easter halloween thanksgiving diwali ramadan hanukkah"),
  set("set-name", "gold silver copper iron aluminum/aluminium platinum zinc lead"),
  set("set-name", "csv json xml yaml html markdown pdf excel"),
  set("set-name", "bitcoin/btc ethereum/eth litecoin dogecoin"),
  set("set-name", "freshman sophomore junior senior"),
];

/** Where each word stands: index of its set and of its member. */
export const exclusiveMembers: ReadonlyMap<string, readonly { readonly set: number; readonly member: number }[]> =
  (() => {
    const map = new Map<string, { readonly set: number; readonly member: number }[]>();
    exclusiveSets.forEach(({ members }, index) => {
      members.forEach((words, member) => {
        for (const word of words) map.set(word, [...(map.get(word) ?? []), { set: index, member }]);
      });
    });
    return map;
  })();
