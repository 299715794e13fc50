"""Near-misses (label 0) and harmless rewordings (label 1) made by rule from paraphrase pairs, kind by kind.

A near-miss is made from either side of a paraphrase pair, so that a reworded text can be a near-miss too, and both
labels get the same harmless wrappers: wording must not give the label away.
"""

import collections
import random
import re

OPPOSITES = """enable disable|on off|increase decrease|best worst|before after|buy sell|import export|with without|can cannot|gain lose|male female
true false|minimum maximum|start stop|open close|install uninstall|encrypt decrypt|first last|cheap expensive|more less|up down|left right|inside outside
legal illegal|safe dangerous|add remove|create delete|upload download|public private|client server|input output|ascending descending|synchronous asynchronous
boys girls|men women|man woman|advantages disadvantages|pros cons|allow block|accept reject|easy difficult|fast slow|old new|hot cold|win lose|push pull
read write|encode decode|north south|east west|summer winter|morning evening|mother father|son daughter|brother sister|husband wife|love hate|positive negative
include exclude|rise fall|short long|rich poor|lock unlock|subscribe unsubscribe|borrow lend|teach learn|arrive depart|arrival departure|even odd
internal external|upgrade downgrade|hire fire|today tomorrow|yesterday tomorrow|daily weekly|monthly yearly|annual monthly|highest lowest|largest smallest
longest shortest|oldest youngest|most fewest|most least|greater fewer|over under|above below|early late|earliest latest|strong weak|light heavy|wide narrow
deep shallow|hard soft|wet dry|full empty|clean dirty|loud quiet|safe unsafe|possible impossible|correct incorrect|valid invalid|visible invisible|known unknown
happy unhappy|healthy unhealthy|able unable|common uncommon|stable unstable|secure insecure|complete incomplete|direct indirect|active inactive|formal informal
deposit withdraw|sent received|sender recipient|employer employee|landlord tenant|buyer seller|teacher student|doctor patient|parent child|winner loser
credit debit|profit loss|supply demand|cause effect|causes effects|question answer|follow unfollow|like dislike|agree disagree|appear disappear|connect disconnect
approve decline|accept decline|join leave|enter exit|login logout|attach detach|mount unmount|zip unzip|compress decompress|serialize deserialize|insert delete
parents children|black white|day night|war peace|urban rural|domestic international|local remote|manual automatic|temporary permanent|voluntary mandatory
required optional|mandatory optional|single married|dead alive|past future|next previous|ancient modern|natural artificial|acid base|solid liquid|gain loss
kilometers miles|celsius fahrenheit|kilograms pounds|inches centimeters|hours minutes|days weeks|weeks months|months years|seconds minutes|grams ounces
python java|javascript python|android iphone|windows linux|mysql postgresql|react angular|dollars euros|json xml|csv json|docker kubernetes|visa mastercard""".replace("\n", "|")
SYNONYMS = """buy purchase|get obtain|help assist|fix repair|big large|begin start|fast quick|cheap inexpensive|film movie|photo picture|car automobile|show display
list enumerate|error failure|use utilize|child kid|children kids|doctor physician|job position|company firm|people persons|method way|important significant|difficult hard
happen occur|explain describe|make create|delete erase|remove take out|called named|largest biggest|smallest littlest|phone telephone|autumn fall|find locate|need require
allowed permitted|teach instruct|earn make|reduce lower|end finish|near close to|best ideal|change modify|build construct|keep retain|many a lot of|try attempt|hire employ""".replace("\n", "|")
PLACES = """Paris London Berlin Madrid Rome Tokyo Delhi Mumbai Chicago Boston Texas California Florida Canada Mexico Brazil France Germany Spain Italy Japan China India Australia
Kenya Nigeria Egypt Sweden Norway Poland Turkey Russia Seattle Denver Houston Toronto Sydney Vienna Dublin Lisbon Prague Seoul Bangkok Manila Jakarta Lagos Cairo""".split()
PEOPLE = """Michael Christopher Jessica Matthew Ashley Jennifer Joshua Amanda Daniel David James Robert John Joseph Andrew Ryan Brandon Sarah Justin William Maria Ahmed Wei Priya Olga
Smith Johnson Williams Brown Jones Garcia Miller Davis Martinez Lopez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Thompson White""".split()
MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
NUMBER_WORDS = "one two three four five six seven eight nine ten eleven twelve".split()
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
LANGUAGES = "English Spanish French German Italian Portuguese Japanese Korean Russian Arabic Hindi Dutch Polish".split()
DEMANDS = [
    ["in JSON", "as JSON", "in XML", "as a table", "as a bulleted list", "in Markdown", "as CSV", "as a poem", "in plain text", "in YAML"],
    ["in one sentence", "in two sentences", "in three sentences", "in one paragraph", "in detail", "in 50 words", "in 100 words", "in 200 words", "briefly", "step by step"],
    ["for beginners", "for experts", "for a child", "for a five year old", "for a lawyer", "for engineers", "for my grandmother", "for a job interview"],
    [f"in {language}" for language in LANGUAGES],
    ["with examples", "without examples", "with sources", "without code", "with code", "using only the standard library", "without using a loop", "using recursion"],
    ["in 2015", "in 2018", "in 2021", "as of 2010", "last year", "this week", "in the 1990s", "since 2000", "before 1950", "after 2020"],
    ["on Windows", "on Linux", "on a Mac", "on Android", "on an iPhone", "in Python", "in Java", "in Rust", "in Excel", "in the UK", "in India", "in Texas", "in Germany"],
    ["for under $50", "for under $500", "for free", "at night", "in winter", "while pregnant", "with diabetes", "for a dog", "for a cat", "for men", "for women", "at home", "at work"],
]
FRAMES = [
    "Can you tell me {}", "Please tell me: {}", "{} Thanks!", "Hi, {}", "I was wondering, {}", "Quick question: {}", "Could you help me? {}", "hey {}", "{} please", "Hello! {}", "um {}",
    "so {}", "I'd like to know: {}", "{} Thank you in advance.", "Good morning. {}", "Sorry if this is basic, but {}", "Not sure where to ask this. {}", "ok {}", "please {}", "{} thx", "Just curious: {}",
]
FILLERS = ["uh", "um", "er", "you know", "well", "like", "I mean", "hmm"]
STOP = set("a an the is are was were be been of in on at for from by with and or as it this that i my you your we they what which who whom whose when where why how can could would should do does did to not no if than then there their his her its he she me us them have has had will may might must am so up out about into over".split())
ENTITY = re.compile(r"(?<=[a-z,] )[A-Z][a-zA-Z]{2,}")
WORD = re.compile(r"[A-Za-z]+")


def pairs_of(lines):
    table = collections.defaultdict(list)
    for pair in lines.split("|"):
        one, _, other = pair.partition(" ")
        table[one.lower()].append(other)
        table[other.lower()].append(one)
    return table


opposites, synonyms = pairs_of(OPPOSITES), pairs_of(SYNONYMS)


def like(word, model):
    return word.capitalize() if model[:1].isupper() else word


def replace(text, match, word):
    return text[: match.start()] + like(word, match.group()) + text[match.end() :]


def other_of(pool, word, rnd):
    return rnd.choice([each for each in pool if each.lower() != word.lower()])


def number(text, rnd):
    found = list(re.finditer(r"\d+(?:\.\d+)?", text))
    if not found:
        return None
    match = rnd.choice(found)
    value = match.group()
    if rnd.random() < 0.3 and len(value) > 1 and "." not in value:
        digits = list(value)
        at = rnd.randrange(len(digits))
        digits[at] = rnd.choice([d for d in "123456789" if d != digits[at]])
        changed = "".join(digits)
    else:
        changed = str(max(0, int(float(value)) + rnd.choice([1, 2, 3, 5, 10, -1, -2, 100])))
    return text[: match.start()] + changed + text[match.end() :] if changed != value else None


def number_word(text, rnd):
    found = [m for m in WORD.finditer(text) if m.group().lower() in NUMBER_WORDS or m.group().lower() in ORDINALS]
    if not found:
        return None
    match = rnd.choice(found)
    pool = NUMBER_WORDS if match.group().lower() in NUMBER_WORDS else ORDINALS
    return replace(text, match, other_of(pool, match.group(), rnd))


def year(text, rnd):
    match = re.search(r"\b(?:1[5-9]|20)\d\d\b", text)
    return text[: match.start()] + str(int(match.group()) + rnd.choice([-10, -3, -2, -1, 1, 2, 3, 10])) + text[match.end() :] if match else None


def calendar(text, rnd):
    found = [m for m in WORD.finditer(text) if m.group() in MONTHS or m.group() in DAYS]
    if not found:
        return None
    match = rnd.choice(found)
    return replace(text, match, other_of(MONTHS if match.group() in MONTHS else DAYS, match.group(), rnd))


def version(text, rnd):
    match = re.search(r"\b\d+\.\d+(?:\.\d+)?\b", text)
    if not match:
        return None
    parts = match.group().split(".")
    at = rnd.randrange(len(parts))
    parts[at] = str(int(parts[at]) + rnd.choice([1, 2, 3]))
    return text[: match.start()] + ".".join(parts) + text[match.end() :]


def opposite(text, rnd):
    found = [m for m in WORD.finditer(text) if m.group().lower() in opposites]
    if not found:
        return None
    match = rnd.choice(found)
    return replace(text, match, rnd.choice(opposites[match.group().lower()]))


def negation(text, rnd):
    match = re.search(r"\bnot |\bnever |n't\b", text)
    if match and rnd.random() < 0.7:
        return text[: match.start()] + text[match.end() :]
    match = re.search(r"\b(is|are|was|were|can|could|should|do|does|did|will|would|has|have|must)\b(?= \w+)", text, re.I)
    if not match:
        return None
    rest = text[match.end() :]
    if match.start() < 5:  # A question that starts with the verb: "not" goes behind its subject.
        words = rest.split(" ")
        at = min(len(words), rnd.choice([2, 3]))
        return text[: match.end()] + " ".join(words[:at] + ["not"] + words[at:])
    return text[: match.end()] + " not" + rest


def order(text, rnd):
    tokens = re.findall(r"\w+|[^\w]+", text)
    at = [i for i, w in enumerate(tokens) if w.isalpha() and w.lower() not in STOP and len(w) > 2]
    if len(at) < 2 or re.search(r"\b(and|or|vs|versus|between|difference|same)\b", text.lower()):
        return None
    i, j = sorted(rnd.sample(at, 2))
    if tokens[i].lower() == tokens[j].lower():
        return None
    tokens[i], tokens[j] = tokens[j], tokens[i]
    return "".join(tokens)


def spans(text, rnd):
    """Exchanges two names, or what stands on both sides of a preposition."""
    names = list(re.finditer(r"(?<=[a-z,] )[A-Z]\w+(?: [A-Z]\w+)*", text))
    if len(names) >= 2 and not re.search(r"\b(and|or|vs|between)\b", text):
        a, b = sorted(rnd.sample(names, 2), key=lambda m: m.start())
        if a.group() != b.group():
            return text[: a.start()] + b.group() + text[a.end() : b.start()] + a.group() + text[b.end() :]
    match = re.search(r"\bfrom ((?:\w+ ){0,1}\w+) (?:in)?to ((?:\w+ ){0,1}\w+)", text)
    if match and match.group(1) != match.group(2):
        return text[: match.start(1)] + match.group(2) + text[match.end(1) : match.start(2)] + match.group(1) + text[match.end(2) :]
    match = re.search(r"\b([a-z]{4,}) (of|for|in|on|by|than) (?:the |an? )?([a-z]{4,})\b", text)
    if match and match.group(1) not in STOP and match.group(3) not in STOP:
        return text[: match.start(1)] + match.group(3) + text[match.end(1) : match.start(3)] + match.group(1) + text[match.end(3) :]
    return None


def question(text, rnd):
    changes = {
        "how do i": ["why do I", "when do I", "should I", "can I"], "how can i": ["why can I", "when can I", "where can I", "should I"], "how much": ["how many", "how often", "how long"],
        "how long": ["how often", "how much", "how far"], "how many": ["how much", "which", "how often"], "why": ["how", "when", "where"], "when": ["where", "why", "how"], "where": ["when", "why", "how"],
        "who": ["when", "where", "why"], "what is the best": ["what is the worst", "what is the cheapest", "what is the newest"], "should i": ["how do I", "when should I", "can I", "why should I"],
        "can i": ["should I", "how do I", "why can't I", "when can I"], "is it": ["why is it", "when is it", "was it"], "what causes": ["what treats", "what prevents", "what follows"],
    }
    found = [key for key in changes if re.search(rf"\b{key}\b", text, re.I)]
    if not found:
        return None
    key = max(found, key=len)
    return re.sub(rf"\b{key}\b", lambda m: like(rnd.choice(changes[key]), m.group()), text, count=1, flags=re.I)


def tense(text, rnd):
    changes = {"is": "was", "are": "were", "was": "is", "were": "are", "did": "will", "does": "did", "do": "did", "will": "did", "can": "should", "should": "can", "could": "must", "must": "may", "my": "your", "your": "my", "his": "her", "her": "his", "i": "you", "all": "some", "some": "all", "any": "every", "every": "some", "always": "sometimes", "never": "always", "only": "also", "also": "only", "most": "all", "both": "neither", "or": "and"}
    found = [m for m in WORD.finditer(text) if m.group().lower() in changes]
    found = [m for m in found if m.group().lower() not in ("is", "are", "do", "does", "i")] or found
    if not found:
        return None
    match = rnd.choice(found)
    return replace(text, match, changes[match.group().lower()])


def demand(text, rnd):
    return text.rstrip(" ?.!") + " " + rnd.choice(rnd.choice(DEMANDS)) + rnd.choice(["?", ".", ""])


def drop(text, rnd):
    """Leaves out a phrase that narrows what is asked."""
    match = re.search(r" (?:in|on|for|with|without|from|during|under|using|near|between) (?:[^ ?.!,]+ ?){1,4}(?=[?.!]*$)", text)
    return text[: match.start()] + text[match.end() :] if match and match.start() > 12 else None


def polite(text, rnd):
    frame = rnd.choice(FRAMES)
    keep = text if frame.endswith("{}") or text[:2].isupper() or text[:2] == "I " else text
    return frame.format(keep[0].lower() + keep[1:] if rnd.random() < 0.5 and not keep.startswith("I ") and len(keep) > 1 and not keep[:2].isupper() else keep)


def typo(text, rnd):
    found = [m for m in re.finditer(r"[a-z]{5,}", text)]
    if not found:
        return None
    match = rnd.choice(found)
    word = list(match.group())
    at = rnd.randrange(1, len(word) - 1)
    kind = rnd.random()
    if kind < 0.4:
        word[at], word[at - 1] = word[at - 1], word[at]
    elif kind < 0.7:
        del word[at]
    else:
        word.insert(at, word[at])
    return text[: match.start()] + "".join(word) + text[match.end() :]


def filler(text, rnd):
    words = text.split(" ")
    if len(words) < 4:
        return None
    at = rnd.randrange(1, len(words))
    if rnd.random() < 0.4:
        return " ".join(words[:at] + [words[at - 1]] + words[at:])
    return " ".join(words[:at] + [rnd.choice(FILLERS) + ","] + words[at:])


def correction(text, rnd, pool):
    """Says something else first and corrects it: the same question in the end."""
    found = [m for m in re.finditer(r"\b[A-Za-z]{4,}\b", text) if m.group().lower() not in STOP and m.start() > 0]
    if not found or len(pool) < 10:
        return None
    match = rnd.choice(found)
    wrong = like(rnd.choice(pool), match.group())
    link = rnd.choice(["no wait,", "sorry,", "I mean", "no sorry I meant", "er make that", "uh no", "or rather", "no"])
    return text[: match.start()] + f"{wrong} {link} " + text[match.start() :]


def surface(text, rnd):
    choices = [
        lambda t: t.lower(), lambda t: t.rstrip("?.! "), lambda t: t.rstrip("?.! ") + rnd.choice(["?", " ?", "??", "."]), lambda t: t.replace("What is", "What's").replace("what is", "what's"),
        lambda t: t.replace("How do I", "How can I").replace("How to", "How do I"), lambda t: t[0].upper() + t[1:], lambda t: t.replace("'", "’"), lambda t: "  ".join(t.split(" ", 1)), lambda t: t.upper() if len(t) < 60 else t,
        lambda t: re.sub(r"\b(the|a|an) ", "", t), lambda t: t.replace(",", ""), lambda t: t.replace(" do not ", " don't ").replace(" can not ", " can't ").replace(" is not ", " isn't "),
    ]
    return rnd.choice(choices)(text)


def keywords(text, rnd):
    if not re.match(r"(what|where|who|when|which) (is|are|was|were)\b", text.lower()):
        return None
    rest = re.sub(r"^\w+ \w+ (the |an? )?", "", text.rstrip(" ?."))
    return rest.lower() if len(rest) > 10 else None


def synonym(text, rnd):
    found = [m for m in WORD.finditer(text) if m.group().lower() in synonyms]
    if not found:
        return None
    match = rnd.choice(found)
    return replace(text, match, rnd.choice(synonyms[match.group().lower()]))


NEAR = [number, number, number_word, year, calendar, version, opposite, opposite, opposite, negation, order, order, spans, spans, question, question, tense, demand, drop, "name", "name", "word"]
HARMLESS = [polite, polite, typo, filler, surface, surface, synonym, keywords, "correction"]
ORDERED = (order, spans)


def wrap(text, rnd, chance):
    while rnd.random() < chance:
        change = rnd.choice([polite, typo, filler, surface, surface])
        text = change(text, rnd) or text
        chance *= 0.4
    return text


def synthesize(paraphrases, count, seed):
    """`count` triples (a, b, label); `paraphrases` are pairs that may share an answer."""
    rnd = random.Random(seed)
    names, words = collections.Counter(), collections.Counter()
    for a, _ in paraphrases:
        names.update(ENTITY.findall(a))
        words.update(w for w in re.findall(r"[a-z]{4,}", a) if w not in STOP)
    pool = [w for w, c in names.items() if c >= 2] + PLACES + PEOPLE
    common = [w for w, c in words.items() if 3 <= c <= 400]

    def changed(kind, text):
        if kind == "name":
            found = list(ENTITY.finditer(text))
            if not found:
                return None
            match = rnd.choice(found)
            same = next((group for group in (PLACES, PEOPLE, MONTHS, LANGUAGES) if match.group() in group), pool)
            return replace(text, match, other_of(same, match.group(), rnd))
        if kind == "word":
            found = [m for m in re.finditer(r"[a-z]{4,}", text) if m.group() not in STOP]
            return replace(text, rnd.choice(found), rnd.choice(common)) if found else None
        if kind == "correction":
            return correction(text, rnd, common)
        return kind(text, rnd)

    made = []
    while len(made) < count:
        a, b = rnd.choice(paraphrases)
        if rnd.random() < 0.5:
            a, b = b, a
        if not a.strip() or not b.strip():
            continue
        if rnd.random() < 0.36:
            base = b if rnd.random() < 0.6 else a
            text = changed(rnd.choice(HARMLESS), base)
            if text and text != a:
                made.append((a, text, 1))
            continue
        base = b if rnd.random() < 0.5 else a
        kind = rnd.choice(NEAR)
        text = changed(kind, base)
        if text and text.lower() not in (a.lower(), b.lower()):
            made.append((wrap(a, rnd, 0.12), wrap(text, rnd, 0.3), 0))
            # The same change on both sides is harmless: the words of the change must not give the label away.
            if kind in (number, year, opposite, "name", "word", demand) and rnd.random() < 0.2:
                wrapped = wrap(text, rnd, 0.9)
                if wrapped != text:
                    made.append((text, wrapped, 1))
    return made
