const pairs =
  "desert/dessert deserts/desserts diary/dairy marital/martial complement/compliment complements/compliments stationary/stationery morale/moral morale/morals breath/breadth angle/angel angles/angels " +
  "principal/principle principals/principles accept/except advice/advise quiet/quite weather/whether council/counsel ensure/insure emigrate/immigrate " +
  "precede/proceed prescribe/proscribe ingenious/ingenuous discreet/discrete eminent/imminent elicit/illicit allusion/illusion adapt/adopt adoption/adaption conscience/conscious " +
  "country/county costume/custom historic/hysteric contest/context constant/consonant converse/convert device/devise " +
  "formally/formerly gorilla/guerrilla medal/metal metal/mental minister/monster mortal/mental statue/statute statues/statutes staple/stable thorough/through trail/trial trails/trials " +
  "united/untied casual/causal carrier/career candidate/candida protein/protean strain/stain supper/super vacation/vocation winner/winter winners/winters butter/better " +
  "letter/latter bitter/better flower/flour flowers/flours morning/mourning hangar/hanger barrow/borrow batter/butter hunger/hanger dinner/diner pattern/patter latitude/attitude " +
  "altitude/attitude invention/intention ration/ratio medication/meditation medicated/meditated reality/realty celery/salary horse/house mouse/moose mouse/house beard/bread bread/board " +
  "silver/sliver scared/sacred liver/river silicon/silicone uranium/cranium cation/caution ionic/iconic ethane/ethanol methane/methanol ethanol/methanol chlorine/chloride bromine/bromide " +
  "fluorine/fluoride sulfate/sulfite sulfide/sulfite nitrate/nitrite nitrates/nitrites phosphate/phosphite hypertension/hypotension ileum/ilium ureter/urethra peroneal/perineal";

/** Pairs of words that differ in a letter or two and in meaning: each is what was meant. */
export const lookalikeWords: ReadonlyMap<string, ReadonlySet<string>> = (() => {
  const map = new Map<string, Set<string>>();
  for (const pair of pairs.split(" ")) {
    const [one = "", other = ""] = pair.split("/");
    map.set(one, (map.get(one) ?? new Set<string>()).add(other));
    map.set(other, (map.get(other) ?? new Set<string>()).add(one));
  }
  return map;
})();
