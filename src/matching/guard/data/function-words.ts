const list = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Words that carry grammar, not content: never names, never counted in the order of content words. */
export const functionWords = list(`
a an the this that these those some any each every either both all such
i me my mine myself we us our ours you your yours he him his she her hers it its they them their theirs one ones
am is are was were be been being do does did doing done have has had having can could shall should will would may might must
of in on at for from to into onto by with within about over under between among through during before after since until
against per via as than unless despite several and or but nor if then else so because while although though whether
what which who whom whose when where why how there here
just also only even very really quite too still yet already let me tell
not no yes
`);

/** Words around a request that do not change what is asked. */
export const politeWords = list(`
please pls plz thanks thank thx hi hello hey dear kindly greetings cheers ok okay well so um uh er hmm hey bot assistant
`);

/** Verbs and openers that begin a request; capitalised at the start of a sentence without being names. */
export const openers = list(`
explain describe list show give tell write summarize summarise translate convert compare define find calculate compute
count create generate make name provide suggest recommend discuss draft rewrite classify identify return display get
help hi hello please can could would should is are was were do does did have has had will if in on at for from with
what which who whom whose when where why how a an the my i we you your it there this that these those and or but
top best good great tips ways steps examples example difference differences between explain discuss evaluate analyze
analyse outline state solve prove derive implement code fix debug design build plan prepare brainstorm imagine suppose
assume given consider act pretend use using recent latest many most some any all each every how's what's who's where's
among also actually hey ok so as to of by not no never don't do may might must am were be being been since while during
before after because although though then than only just let lets let's thanks thank
`);
