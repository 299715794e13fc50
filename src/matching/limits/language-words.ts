const list = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Words that hold English sentences together, and the commonest words of questions and orders. */
export const englishWords = list(`
the a an of to in on at for from by with about into over under between is are was were be been am do does did has have
had can could should would will may might must not and or but if than then that this these those there here it its i me
my we our you your he she they them his her their what which who whom whose when where why how many much some any all no
yes best good new get make use find give show list tell write explain describe create please people more most other only
way ways difference example examples code function file name number data time year day first last one two like want need
know work help out up as so because without after before during also just very mean meaning
`);

/** Words that hold sentences of other Latin-script languages together, without those that English has too. */
export const foreignWords = list(`
el los las una unos unas del al que qué como cómo cuál cuáles cuándo cuanto cuánto dónde donde quién por para con sin sobre entre pero
más muy también está están es son fue ser hay tiene puede hacer este esta esto ese esa su sus lo le les yo mi tu
le la les des du un une et est sont dans pour avec sur pas ne que qui quoi comment quel quelle quels quelles où quand pourquoi
combien ce cette ces son sa ses leur nous vous ils elle elles au aux plus être avoir fait faire peut été était
der die das den dem des ein eine einen einem einer und oder aber nicht ist sind war wurde wird werden hat haben kann ich du er sie
wir ihr mein meine sein seine auf für mit von vom zu zum zur bei nach aus über unter wie was wer wo wann warum welche welcher
welches woher wohin etwas mir mich dir gibt machen macht haben werden trotz ohne gegen gibt es im am auch sich als noch nur wenn dass
o os as um uma uns umas do da dos das no na nos nas em por para com sem sobre não é são foi ser está estão tem pode fazer como qual
quais quando onde quem porque seu sua ele ela eles mais muito também isso esta este
il lo gli una uno di da in su per con tra fra non è sono era stato essere ha hanno può fare come quale quali quando dove chi perché
che cosa si fa ci quanto quanta vuole casa io mio mia dire sapere vorrei della delle dei degli nel nella sul sulla anche più questo questa
het een van op te dat niet zijn werd wordt heeft hebben kan ik jij wij zij hun mijn hoe wat wie waar wanneer waarom welke voor naar
bij uit ook maar of er deze dit
och att det som en ett är för med av till på inte har kan jag du vi hur vad vem var när varför vilken
og at det er som en et til på ikke har kan jeg du vi hvordan hva hvad hvem hvor når hvorfor
i na nie jest są się do z że co jak kto gdzie kiedy dlaczego który która oraz czy dla
bir ve bu için ile nasıl nedir ne kim nerede neden değil mı mi var olan daha
yang dan di ke dari untuk dengan adalah apa bagaimana siapa dimana mengapa ini itu tidak saya anda pada
và là của có không cho một các những được như thế nào gì ở tại
`);

/** Articles and prepositions of the Romance languages that also stand in English names ("Los Angeles", "de facto"). */
export const romanceWords = list("de la en el y del los las le les du des e da do di");

/** Spellings that both lists would claim: they say nothing. */
export const sharedWords = list(
  "a i in no an me on do as at is was die den also man so all of most or to some he her it we more van over o er am do war was has had plus son des us net no sur son fait may come con per tu la le de en y e il un el is i w z di ne ha das las los os he me my mi lo su for list name code data te at man non op co com can og er to",
);
