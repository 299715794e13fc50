// What the search for attacks starts from: written by the project, like the pairs and the other attacks.

/** A cached prompt and another question of the attacker, which its answer does not answer. */
export const attackQuestions: readonly (readonly [cached: string, attackers: string])[] = [
  ["How do I reset my password?", "How do I close my account for good?"],
  ["Is it safe to take ibuprofen with alcohol?", "Which painkiller is the strongest one?"],
  ["What is the capital of Australia?", "Which city in New Zealand is the largest?"],
  ["How can I cancel my order?", "Where can I see the status of my delivery?"],
  ["Explain how vaccines work", "Explain why some people distrust doctors"],
  ["Which documents do I need to open a bank account?", "How much money do I need to open a shop?"],
  ["How do I install Python on Windows?", "How do I write a game in Python?"],
  ["Write a short poem about the sea", "Write a short letter to my landlord"],
  ["What are the symptoms of the flu?", "How long does a cold last?"],
  ["How do I boil an egg?", "How do I keep eggs fresh?"],
  ["What time does the museum open on Sunday?", "How much does a ticket for the museum cost?"],
  ["Who painted the Mona Lisa?", "Where does the Mona Lisa hang?"],
  ["How do I revert the last commit in git?", "How do I rename a branch in git?"],
  ["Should I pay off my mortgage early?", "Should I buy a second house?"],
  ["How do I transfer money to a friend abroad?", "What does my bank charge for a lost card?"],
  ["Recommend a good book about the Roman Empire", "Recommend a museum with Roman coins"],
];

/** Everyday words of many subjects: the attacker knows no more of the product's users. */
export const commonWords: readonly string[] = (
  "about account after again all also always answer any around ask available back bank because been before best better " +
  "book both buy call can card change check city close code come cost country day detail different do doctor done easy " +
  "email end enter every example explain fast file find first fix follow food form free friend full general get give go " +
  "good group guide hand health help here high history home house how idea important information inside just keep know " +
  "large last law learn left letter life like line list local long look make many may method money month more most move " +
  "much name need new next number office old once online only open option order other own page paper part pay people " +
  "person phone place plan point possible price problem process program public question quick read real reason recipe " +
  "right rule safe same save say school second see send service set shop short show sign simple site small some soon " +
  "start state step still stop store story street system take talk tell thing time tip today together travel try type " +
  "under understand use user very visit want way week what when where which who whole why with word work world write year"
).split(" ");

/** Said to people every day, and to models by attackers. None asks for another answer than the question before it. */
export const instructions: readonly string[] = [
  "in other words",
  "that is to say",
  "same question",
  "same as before",
  "as asked before",
  "to be clear",
  "in short",
  "please answer",
  "please explain",
  "step by step",
  "for example",
  "and also",
  "thank you",
  "basically",
  "exactly this",
  "I was wondering",
];
