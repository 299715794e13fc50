"""Questions to a database, made from their meaning: a small grammar of what is asked, and several ways to put each.

Two phrasings of one meaning are a paraphrase; a phrasing of a meaning one step away (a qualifier, a hop, an attribute, the
scope of a superlative, counting instead of listing) is a near-miss that shares most of its words.
"""

import random
from typing import NamedTuple

from training.verifier.synthesize import wrap

# Per world: kinds (one, many, qualifiers, attributes), relations (kind, plural verb, singular verb, -ing form, kind) and names.
# Attributes: noun, question for one thing, words for most of it, words for least of it.
PRICE = ("price", "how much does {} cost", ["most expensive", "priciest"], ["cheapest", "least expensive"])
AGE = ("age", "how old is {}", ["oldest"], ["youngest"])
SIZE = ("size", "how big is {}", ["largest", "biggest"], ["smallest"])
HEIGHT = ("height", "how tall is {}", ["tallest"], ["shortest"])
LENGTH = ("length", "how long is {}", ["longest"], ["shortest"])
WEIGHT = ("weight", "how heavy is {}", ["heaviest"], ["lightest"])
CAPACITY = ("capacity", "how many people fit in {}", ["roomiest"], ["least roomy"])
SALARY = ("salary", "how much does {} earn", ["best paid", "highest paid"], ["worst paid", "lowest paid"])
RATING = ("rating", "how is {} rated", ["best rated", "highest rated"], ["worst rated", "lowest rated"])
SPEED = ("speed", "how fast is {}", ["fastest"], ["slowest"])
BUDGET, REVENUE, POPULATION, DENSITY, DEPTH = (
    ("budget", "what budget does {} have", [], []), ("revenue", "how much money does {} make", [], []), ("population", "how many people live in {}", ["most populous"], ["least populous"]),
    ("population density", "how densely populated is {}", ["most densely populated"], ["least densely populated"]), ("depth", "how deep is {}", ["deepest"], ["shallowest"]),
)  # fmt: skip
WORLDS = [
    {"kinds": {"supplier": ("supplier", "suppliers", ["certified", "overseas", "new", "inactive"], [REVENUE, RATING, AGE]), "plant": ("plant", "plants", ["major", "automated", "closed"], [SIZE, BUDGET, CAPACITY]), "part": ("part", "parts", ["critical", "imported", "discontinued"], [PRICE, WEIGHT, LENGTH])},
     "relations": [("supplier", "deliver to", "delivers to", "delivering to", "plant"), ("plant", "need", "needs", "needing", "part"), ("supplier", "make", "makes", "making", "part")],
     "names": {"supplier": ["Norvik", "Delmar Tools", "Ostara"], "plant": ["Brenford", "Tilbury Works", "Kessel"], "part": ["the AX40 valve", "the rear axle", "the gearbox"]}},
    {"kinds": {"film": ("film", "films", ["foreign", "recent", "animated", "award-winning"], [LENGTH, BUDGET, RATING]), "director": ("director", "directors", ["living", "female", "debut"], [AGE, SALARY]), "actor": ("actor", "actors", ["leading", "retired", "British"], [AGE, HEIGHT, SALARY])},
     "relations": [("director", "worked with", "worked with", "who worked with", "actor"), ("actor", "appear in", "appears in", "appearing in", "film"), ("director", "made", "made", "who made", "film")],
     "names": {"film": ["Silent Harbor", "The Ninth Floor", "Paper Moons"], "director": ["Ilse Brandt", "Kofi Mensah"], "actor": ["Tom Ardley", "Nadia Rossi"]}},
    {"kinds": {"airline": ("airline", "airlines", ["national", "low-cost", "private"], [AGE, SIZE, REVENUE]), "airport": ("airport", "airports", ["international", "major", "regional"], [SIZE, CAPACITY]), "plane": ("plane", "planes", ["new", "grounded", "leased"], [AGE, SPEED, WEIGHT, LENGTH])},
     "relations": [("airline", "fly to", "flies to", "flying to", "airport"), ("airline", "own", "owns", "owning", "plane"), ("plane", "can land at", "can land at", "able to land at", "airport")],
     "names": {"airline": ["Aerovia", "Skylark Air", "Nordwing"], "airport": ["Lisbon", "Oslo Airport", "Cork"], "plane": ["the Condor 200", "the Falcon X"]}},
    {"kinds": {"hospital": ("hospital", "hospitals", ["public", "private", "rural"], [SIZE, BUDGET, CAPACITY]), "surgeon": ("surgeon", "surgeons", ["senior", "visiting", "available"], [AGE, SALARY, RATING]), "ward": ("ward", "wards", ["closed", "new", "full"], [CAPACITY, SIZE])},
     "relations": [("surgeon", "work at", "works at", "working at", "hospital"), ("hospital", "run", "runs", "running", "ward"), ("surgeon", "visit", "visits", "visiting", "ward")],
     "names": {"hospital": ["St Anne's", "Mercy General"], "surgeon": ["Dr Halloran", "Dr Osei"], "ward": ["the burns unit", "ward 6"]}},
    {"kinds": {"team": ("team", "teams", ["professional", "amateur", "promoted"], [AGE, BUDGET]), "player": ("player", "players", ["injured", "foreign", "retired", "active"], [AGE, HEIGHT, WEIGHT, SALARY, SPEED]), "stadium": ("stadium", "stadiums", ["covered", "new", "major"], [CAPACITY, AGE, SIZE])},
     "relations": [("player", "play for", "plays for", "playing for", "team"), ("team", "train in", "trains in", "training in", "stadium"), ("team", "beat", "beat", "that beat", "team")],
     "names": {"team": ["the Rovers", "FC Alden", "the Harriers"], "player": ["Jonas Vik", "Leo Marsh"], "stadium": ["Eastfield", "the Dome"]}},
    {"kinds": {"river": ("river", "rivers", ["major", "navigable", "polluted"], [LENGTH, DEPTH]), "province": ("province", "provinces", ["coastal", "northern", "rich"], [SIZE, POPULATION, DENSITY]), "town": ("town", "towns", ["major", "walled", "abandoned"], [POPULATION, AGE, SIZE])},
     "relations": [("river", "flow through", "flows through", "flowing through", "province"), ("town", "are located on", "is located on", "located on", "river"), ("town", "lie in", "lies in", "lying in", "province"), ("province", "border", "borders", "bordering", "province")],
     "names": {"river": ["the Orlen", "the Tamber", "the Breda"], "province": ["Mirova", "Kestria", "Dunmore"], "town": ["Vell", "Harnow", "Ostrel"]}},
    {"kinds": {"project": ("project", "projects", ["open", "finished", "funded", "internal"], [BUDGET, AGE, SIZE]), "engineer": ("engineer", "engineers", ["junior", "remote", "senior"], [AGE, SALARY]), "office": ("office", "offices", ["regional", "open", "leased"], [SIZE, CAPACITY, PRICE])},
     "relations": [("engineer", "work on", "works on", "working on", "project"), ("engineer", "sit in", "sits in", "sitting in", "office"), ("office", "manage", "manages", "managing", "project")],
     "names": {"project": ["Atlas", "project Juniper", "Redwood"], "engineer": ["Priya Nair", "Owen Clarke"], "office": ["the Leeds office", "the Porto office"]}},
    {"kinds": {"book": ("book", "books", ["overdue", "rare", "new", "translated"], [LENGTH, AGE, PRICE, RATING]), "author": ("author", "authors", ["living", "local", "prize-winning"], [AGE]), "branch": ("library branch", "library branches", ["open", "rural", "main"], [SIZE, BUDGET])},
     "relations": [("author", "wrote", "wrote", "who wrote", "book"), ("branch", "lend", "lends", "lending", "book"), ("author", "read at", "reads at", "reading at", "branch")],
     "names": {"book": ["The Glass Orchard", "Night Ferry"], "author": ["Mara Lindt", "Idris Cole"], "branch": ["the Elm Street branch", "the harbour branch"]}},
    {"kinds": {"restaurant": ("restaurant", "restaurants", ["vegan", "open", "cheap", "new"], [RATING, SIZE, CAPACITY, AGE]), "dish": ("dish", "dishes", ["vegetarian", "spicy", "popular"], [PRICE, RATING]), "chef": ("chef", "chefs", ["famous", "French", "young"], [AGE, SALARY])},
     "relations": [("restaurant", "serve", "serves", "serving", "dish"), ("chef", "cook at", "cooks at", "cooking at", "restaurant"), ("chef", "invented", "invented", "who invented", "dish")],
     "names": {"restaurant": ["Casa Lupo", "The Anchor"], "dish": ["lobster bisque", "the house curry"], "chef": ["Remy Aubert", "Yuki Tan"]}},
    {"kinds": {"ship": ("ship", "ships", ["merchant", "sunken", "active"], [LENGTH, SPEED, WEIGHT, AGE]), "port": ("port", "ports", ["major", "free", "deep-water"], [SIZE, DEPTH, CAPACITY]), "captain": ("captain", "captains", ["retired", "licensed", "new"], [AGE, SALARY])},
     "relations": [("ship", "call at", "calls at", "calling at", "port"), ("captain", "command", "commands", "commanding", "ship"), ("captain", "live near", "lives near", "living near", "port")],
     "names": {"ship": ["the Aurora", "the Meridian"], "port": ["Rotterdam", "Gdynia", "Piraeus"], "captain": ["Captain Reyes", "Captain Holm"]}},
    {"kinds": {"customer": ("customer", "customers", ["new", "loyal", "overseas"], [AGE, RATING]), "product": ("product", "products", ["discounted", "popular", "out of stock"], [PRICE, WEIGHT, RATING, SIZE]), "shop": ("shop", "shops", ["online", "flagship", "open"], [SIZE, REVENUE])},
     "relations": [("customer", "ordered", "ordered", "who ordered", "product"), ("shop", "sell", "sells", "selling", "product"), ("customer", "buy from", "buys from", "buying from", "shop")],
     "names": {"customer": ["Ms Ferrante", "account 4471"], "product": ["the desk lamp", "the steel kettle"], "shop": ["the Lyon shop", "Corner House"]}},
]  # fmt: skip
WHEN = ["next month", "this week", "in spring", "in autumn", "last year", "on Sundays", "today"]


class Things(NamedTuple):
    """A set of things: kind, qualifier, (relation, which end it is, a name or other things), when."""

    kind: str
    qualifier: str | None = None
    filter: tuple | None = None
    when: str | None = None


class Meaning(NamedTuple):
    """list, count, exists, every (things); most (things, attribute, high); busiest (things, relation); of (attribute, name or most); average, total (things, attribute)."""

    ask: str
    things: object
    attribute: tuple | None = None
    high: bool = True
    of: tuple | None = None


class World:
    def __init__(self, world, rnd):
        self.kinds, self.relations, self.names, self.rnd = world["kinds"], world["relations"], world["names"], rnd

    def one_of(self, options):
        return self.rnd.choice(options)

    # What is asked.

    def things(self, kind=None, depth=0):
        kind = kind or self.one_of(list(self.kinds))
        qualifier = self.one_of(self.kinds[kind][2]) if self.rnd.random() < 0.3 else None
        ends = [(relation, end) for relation in self.relations for end in (0, 4) if relation[end] == kind]
        narrowed = (*self.one_of(ends), None) if ends and self.rnd.random() < (0.8 if depth == 0 else 0.3) else None
        if narrowed:
            narrowed = (*narrowed[:2], self.target(narrowed[0][4 - narrowed[1]], depth))
        return Things(kind, qualifier, narrowed, self.one_of(WHEN) if depth == 0 and self.rnd.random() < 0.12 else None)

    def target(self, kind, depth):
        drawn = self.rnd.random()
        if drawn < 0.6 or depth > 0:
            return self.one_of(self.names[kind])
        if drawn < 0.85:
            return Meaning("most", Things(kind), self.one_of(self.kinds[kind][3]), self.rnd.random() < 0.7)
        return self.things(kind, depth + 1)

    def meaning(self):
        things = self.things()
        attribute, high = self.one_of(self.kinds[things.kind][3]), self.rnd.random() < 0.7
        ask = self.one_of(["list", "list", "list", "count", "count", "exists", "every", "most", "most", "busiest", "of", "of", "average", "total"])
        if ask == "busiest":
            of = [relation for relation in self.relations if relation[0] == things.kind and relation[4] != things.kind]
            return Meaning(ask, things._replace(filter=None), None, high, self.one_of(of)) if of else self.meaning()
        if ask == "of":
            most = Meaning("most", Things(things.kind, things.qualifier), attribute, high)
            other = [each for each in self.kinds[things.kind][3] if each != attribute]
            return Meaning(ask, most, self.one_of(other)) if other and self.rnd.random() < 0.5 else Meaning(ask, self.one_of(self.names[things.kind]), attribute, of=(things.kind,))
        return Meaning(ask, things, attribute if ask in ("most", "average", "total") else None, high)

    # One step away.

    def changed_things(self, things):
        step = self.one_of(["qualifier", "qualifier", "filter", "filter", "when"])
        if step == "qualifier":
            others = [None, *self.kinds[things.kind][2]] if things.qualifier else self.kinds[things.kind][2]
            return things._replace(qualifier=self.one_of([each for each in others if each != things.qualifier]))
        if step == "when":
            return things._replace(when=self.one_of([each for each in [None, *WHEN] if each != things.when]))
        if things.filter is None:
            return self.things(things.kind)
        relation, end, target = things.filter
        other = relation[4 - end]
        drawn = self.rnd.random()
        if drawn < 0.15:
            return things._replace(filter=None)
        if drawn < 0.35 and isinstance(target, str):  # One hop more: those of the things that are related to it.
            return things._replace(filter=(relation, end, self.hop(other, target)))
        if drawn < 0.5 and not isinstance(target, str):
            return things._replace(filter=(relation, end, self.one_of(self.names[other])))
        if drawn < 0.6 and relation[0] == relation[4]:
            return things._replace(filter=(relation, 4 - end, target))
        if drawn < 0.75:
            others = [(r, e) for r in self.relations for e in (0, 4) if r[e] == things.kind and r[4 - e] == other and (r, e) != (relation, end)]
            if others:
                return things._replace(filter=(*self.one_of(others), target))
        return things._replace(filter=(relation, end, self.target(other, 0)))

    def hop(self, kind, name):
        """Things of a kind that are related to something of that name; the same kind borders itself, another is reached by any relation."""
        own = next(each for each, names in self.names.items() if name in names)
        ends = [(r, e) for r in self.relations for e in (0, 4) if r[e] == kind and r[4 - e] == own]
        return Things(kind, None, (*self.one_of(ends), name)) if ends else Meaning("most", Things(kind), self.one_of(self.kinds[kind][3]))

    def changed(self, meaning):
        ask, things = meaning.ask, meaning.things
        drawn = self.rnd.random()
        if ask == "of":
            if isinstance(things, str):
                kind = meaning.of[0]
                if drawn < 0.3:
                    return meaning._replace(things=self.one_of(self.names[kind]))
                if drawn < 0.5:
                    return Meaning("of", Meaning("most", Things(kind), meaning.attribute), self.one_of(self.kinds[kind][3]))
                return meaning._replace(attribute=self.one_of(self.kinds[kind][3]))
            if drawn < 0.35:
                return things  # Which one it is, not what it has.
            if drawn < 0.6:
                return meaning._replace(things=things._replace(things=self.changed_things(things.things)))
            if drawn < 0.8:
                return meaning._replace(things=things._replace(attribute=self.one_of(self.kinds[things.things.kind][3])))
            return meaning._replace(things=things._replace(high=not things.high))
        if drawn < 0.4:
            return meaning._replace(things=self.changed_things(things))
        if ask in ("list", "count", "exists", "every"):
            if drawn < 0.8:
                return meaning._replace(ask=self.one_of([each for each in ("list", "count", "exists", "every") if each != ask]))
            return Meaning(self.one_of(["most", "average", "total"]), things, self.one_of(self.kinds[things.kind][3]))
        if ask == "busiest":
            return meaning._replace(high=not meaning.high) if drawn < 0.6 else Meaning("most", things, self.one_of(self.kinds[things.kind][3]), meaning.high)
        if drawn < 0.55:
            return meaning._replace(attribute=self.one_of(self.kinds[things.kind][3]))
        if drawn < 0.7:
            return Meaning("list", things)
        if ask == "most":
            if drawn < 0.85:
                return meaning._replace(high=not meaning.high)
            return Meaning("of", Meaning("most", Things(things.kind, things.qualifier), meaning.attribute, meaning.high), self.one_of(self.kinds[things.kind][3]))
        return meaning._replace(ask=self.one_of([each for each in ("average", "total", "most") if each != ask]))

    # How it is put.

    def noun(self, things, many):
        word = self.kinds[things.kind][1 if many else 0]
        return f"{things.qualifier} {word}" if things.qualifier else word

    def named(self, target):
        if isinstance(target, str):
            return target
        return self.most(target) if isinstance(target, Meaning) else self.phrase(target, self.rnd.random() < 0.6)

    def clause(self, things, many, verb_only=False):
        """' that deliver to X' and its like; '' where nothing narrows."""
        if things.filter is None:
            narrowed = ""
        else:
            relation, end, target = things.filter
            whom = self.named(target)
            if end == 0:
                verb = relation[1] if many else relation[2]
                forms = [f" {verb} {whom}"] if verb_only else [f" that {verb} {whom}", f" which {verb} {whom}", f" {relation[3]} {whom}"]
            else:
                plural = isinstance(target, Things) and not whom.startswith("a ")
                verb = relation[1] if plural else relation[2]
                forms = [f" that {whom} {verb}", f" which {whom} {verb}", f" {whom} {verb}"]
            narrowed = self.one_of(forms)
        return narrowed + (f" {things.when}" if things.when else "")

    def phrase(self, things, many):
        noun = self.noun(things, many)
        article = "" if many else ("an " if noun[0] in "aeio" else "a ")
        return article + noun + self.clause(things, many)

    def most(self, meaning):
        """'the tallest X that ...', 'the X with the largest Y'."""
        noun, narrowed = self.noun(meaning.things, False), self.clause(meaning.things, False)
        words = meaning.attribute[2 if meaning.high else 3]
        degree = self.one_of(["highest", "largest", "greatest", "most"] if meaning.high else ["lowest", "smallest", "least"])
        plain_degree = degree if degree not in ("most", "least") else ("highest" if meaning.high else "lowest")
        forms = [f"the {noun}{narrowed} with the {plain_degree} {meaning.attribute[0]}", f"the {noun}{narrowed} that has the {plain_degree} {meaning.attribute[0]}"]
        forms += [f"the {word} {noun}{narrowed}" for word in words] * 2
        return self.one_of(forms)

    def put(self, meaning):
        ask, things = meaning.ask, meaning.things
        one = self.one_of
        if ask == "of":
            who = self.named(things)
            noun, question = meaning.attribute[0], meaning.attribute[1].format(who)
            return one([f"what is the {noun} of {who}", question, question, f"{noun} of {who}", f"give me the {noun} of {who}", f"tell me the {noun} of {who}", f"what {noun} does {who} have", f"what's {who}'s {noun}"])
        if ask == "most":
            noun, narrowed, degree = self.noun(things, False), self.clause(things, False), "highest" if meaning.high else "lowest"
            whole = self.most(meaning)
            forms = [f"what is {whole}", f"which is {whole}", f"name {whole}", f"tell me {whole}", whole, f"show me {whole}", f"which {noun}{narrowed} has the {degree} {meaning.attribute[0]}", f"what {noun}{narrowed} has the {degree} {meaning.attribute[0]}"]
            forms += [f"which {noun}{narrowed} is the {word}" for word in meaning.attribute[2 if meaning.high else 3]]
            if things.filter:
                forms.append(f"of the {self.phrase(things, True)}, which has the {degree} {meaning.attribute[0]}")
            return one(forms)
        many, noun, narrowed = self.phrase(things, True), self.noun(things, True), self.clause(things, True)
        if ask == "busiest":
            single, other = self.noun(things, False), self.kinds[meaning.of[4]][1]
            degree, number = ("most", "largest") if meaning.high else ("fewest", "smallest")
            return one([f"which {single} {meaning.of[2]} the {degree} {other}", f"what {single} {meaning.of[2]} the {degree} {other}", f"the {single} that {meaning.of[2]} the {degree} {other}", f"name the {single} that {meaning.of[2]} the {number} number of {other}", f"which {single} {meaning.of[2]} {'more' if meaning.high else 'fewer'} {other} than any other"])
        if ask == "list":
            forms = [f"what are the {many}", f"list the {many}", f"list all {many}", f"show me the {many}", f"show all {many}", f"name the {many}", f"give me the {many}", f"tell me which are the {many}", many, f"I want to see all {many}", f"all {many}"]
            if things.filter and things.filter[1] == 0:
                forms += [f"which {noun}{self.clause(things, True, True)}", f"what {noun}{self.clause(things, True, True)}", f"tell me which {noun}{self.clause(things, True, True)}"] * 2
            return one(forms)
        if ask == "count":
            forms = [f"how many {many} are there", f"number of {many}", f"what is the number of {many}", f"count the {many}", f"what's the total number of {many}", f"give me the count of {many}"]
            if things.filter and things.filter[1] == 0:
                forms += [f"how many {noun}{self.clause(things, True, True)}"] * 3
            return one(forms)
        if ask == "exists":
            return one([f"are there any {many}", f"is there {self.phrase(things, False)}", f"do we have any {many}", f"are there {many}", f"tell me if there are any {many}"])
        if ask == "every":
            if things.filter and things.filter[1] == 0:
                return one([f"do all {noun}{self.clause(things, True, True)}", f"does every {self.noun(things, False)}{self.clause(things, True, True)}", f"is it true that all {noun}{self.clause(things, True, True)}"])
            return one([f"are these all of the {many}", f"is this the complete list of {many}"])
        attribute = meaning.attribute[0]
        if ask == "average":
            return one([f"what is the average {attribute} of the {many}", f"average {attribute} of {many}", f"mean {attribute} of the {many}", f"what {attribute} do the {many} have on average", f"on average, what is the {attribute} of {many}", f"give me the average {attribute} for {many}"])
        return one([f"what is the total {attribute} of the {many}", f"total {attribute} of {many}", f"sum of the {attribute} of all {many}", f"add up the {attribute} of the {many}", f"what is the {attribute} of all the {many} together"])

    def written(self, meaning):
        text = self.put(meaning)
        drawn = self.rnd.random()
        if drawn < 0.5:
            text = text[0].upper() + text[1:]
        mark = "?" if text.lower().startswith(("what", "which", "how", "are", "is ", "do ", "does", "on average")) else "."
        return text + (mark if self.rnd.random() < 0.5 else "")


def compose(count, seed):
    """`count` triples (a, b, label), a little more than half of them near-misses."""
    rnd = random.Random(seed)
    made = []
    while len(made) < count:
        world = World(rnd.choice(WORLDS), rnd)
        meaning = world.meaning()
        label = int(rnd.random() < 0.45)
        other = meaning if label else world.changed(meaning)
        if rnd.random() < 0.2 and not label:
            other = world.changed(other)
        if not label and other == meaning:
            continue
        a, b = world.written(meaning), world.written(other)
        if a.lower().rstrip("?.") == b.lower().rstrip("?."):
            continue
        made.append((wrap(a, rnd, 0.15), wrap(b, rnd, 0.15), label))
    return made
