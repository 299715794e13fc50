const pairs = `
enable/disable|enabled/disabled|on/off|increase,raise/decrease,reduce,lower|best,greatest,top/worst|buy,purchase/sell|import/export|include/exclude|with/without
gain/lose|male/female|true/false|minimum,min,least,lowest,smallest,fewest/maximum,max,most,highest,largest,biggest,greatest|start,begin/stop,end,quit,finish|open/close,shut
install/uninstall,remove|encrypt/decrypt|first,earliest/last,latest|cheap,cheapest,inexpensive/expensive,costly,priciest|more,greater,above,over/less,fewer,below,under|up/down|left/right
inside,indoor,indoors/outside,outdoor,outdoors|legal/illegal|safe/dangerous,unsafe|add/remove,delete|create/delete,destroy|upload/download|public/private|client/server|input/output
ascending/descending|sync,synchronous/async,asynchronous|boy/girl|man/woman|advantage,pro,benefit/disadvantage,con,drawback|allow,permit/block,forbid,deny|accept/reject,refuse,decline
easy,easiest,simple/difficult,hard,hardest|fast,fastest,quick/slow,slowest|old,oldest,older/new,newest,newer,young,youngest,younger|hot,hottest/cold,coldest|win/lose|push/pull
encode/decode|north,northern/south,southern|east,eastern/west,western|mother/father|son/daughter|brother/sister|husband/wife|uncle/aunt|king/queen|love,like/hate,dislike
positive/negative|rise/fall|short,shortest,shorter/long,longest,longer,tall,tallest|rich,richest/poor,poorest|lock/unlock|subscribe/unsubscribe|borrow/lend|allowed,permitted/required,obliged,obligatory,compulsory
arrive,arrival/depart,departure|even/odd|internal/external|upgrade/downgrade|hire/fire|before,prior,earlier/after,later,following|always/never|connect/disconnect|mount/unmount
compress/decompress,extract|serialize/deserialize|attach/detach|insert/delete|show/hide|visible/invisible,hidden|active/inactive|online/offline|login,signin/logout,signout|sign-in/sign-out
mute/unmute|follow/unfollow|archive/unarchive|check/uncheck|select/deselect|pin/unpin|freeze,freezing/melt,thaw|boil/freeze|lighten,light,lighter/darken,dark,heavy,heavier|deposit/withdraw
send,sent/receive|credit/debit|profit/loss|income/expense|asset/liability|bull,bullish/bear,bearish|hypertension/hypotension|hyperthyroidism/hypothyroidism|hyperglycemia/hypoglycemia
acute/chronic|benign/malignant|systolic/diastolic|artery/vein|bacterial/viral|prevent,avoid/cause|war/peace|guilty/innocent|vertical/horizontal|row/column|rows/columns|width/height
deep/shallow|wide/narrow|thick/thin|strong,stronger/weak,weaker|loud/quiet|wet/dry|full/empty|clean/dirty|early/late|near,nearest,close,closest/far,farthest,furthest|alive/dead
birth/death|born/die|live/die|success,succeed/fail,failure|pass/fail|attack/defend|ally/enemy|friend/enemy|hero/villain|majority/minority|maximize/minimize|optimistic/pessimistic
optional/required,mandatory|static/dynamic|mutable/immutable|local/remote|global/local|frontend/backend|front-end/back-end|supervised/unsupervised|linear/nonlinear|stateful/stateless
horizontal/vertical|forward/backward,reverse|clockwise/counterclockwise|top/bottom|upper/lower|import/export|immigrate/emigrate|immigration/emigration|employer/employee
landlord/tenant|teacher/student|doctor/patient|buyer/seller|lender/borrower|winner/loser|victory/defeat|victorious/defeated|appear/disappear|agree/disagree|possible/impossible|common/rare,uncommon
raw/cooked|sweet/sour|fresh/stale|single/married|single/multiple|singular/plural|synonym/antonym|acid,acidic/base,alkaline,basic|exothermic/endothermic|mitosis/meiosis|lossy/lossless
good/bad|better/worse|healthy/unhealthy|happy/sad,unhappy|ugly/beautiful|many,much/few,little|add/subtract|multiply/divide|sum/difference|plus/minus|numerator/denominator|square/cube
ancestor/descendant|parent/child|predecessor/successor|previous/next|past/future|ancient/modern|temporary/permanent|voluntary/involuntary|formal/informal,casual|literal/figurative
read/write|ask/answer|absorb/emit|accelerate/decelerate|ascend/descend|assemble/disassemble|attract/repel|concave/convex|convergent/divergent|cathode/anode|cation/anion|proton/electron
deductive/inductive|supply/demand|diurnal/nocturnal|domestic/foreign,international|expand/contract,collapse|explicit/implicit|fact/fiction,opinion|fixed/variable|flexible/rigid|fold/unfold|hardware/software
humid/dry,arid|inhale/exhale|inbound/outbound|incoming/outgoing|indirect/direct|inflate/deflate|inflation/deflation|inner/outer|intrinsic/extrinsic|known/unknown|lengthen/shorten|lowercase/uppercase
tight/loose|tighten/loosen|manual/automatic|maternal/paternal|natural/artificial,synthetic|nominal/real|objective/subjective|organic/inorganic|overestimate/underestimate|overweight/underweight
active/passive|peak/trough|predator/prey|prefix/suffix|presence/absence|primary/secondary|prokaryotic/eukaryotic|promote/demote|promotion/demotion|proactive/reactive|qualitative/quantitative
regular/irregular|relevant/irrelevant|retail/wholesale|rural/urban|saturated/unsaturated|soluble/insoluble|sunrise/sunset|superior/inferior|surplus/deficit|symmetric,symmetrical/asymmetric,asymmetrical
source/destination,target|transmitter/receiver|transparent/opaque|upstream/downstream|weekday,weekdays/weekend,weekends|widen/narrow|accurate/inaccurate|amateur/professional|analog/digital|bride/groom
centralized/decentralized|compile/decompile|condense/evaporate|condensation/evaporation|dominant/recessive|employed/unemployed|employment/unemployment|encourage/discourage|entry/exit|stalactite/stalagmite
stalactites/stalagmites|latitude/longitude|prose/verse|interior/exterior|intake/output|nouns/verbs|producer/consumer|senior/junior|major/minor|macro/micro|alcoholic/nonalcoholic|monthly/yearly,annual
offense/defense|exit/enter|entrance/exit|enter/leave|innocent/guilty|introvert/extrovert|introverted/extroverted|left-handed/right-handed|import/export|allow/disallow|include/omit
`;

/** Each word to the words that say the contrary, all lower case. */
export const antonyms: ReadonlyMap<string, ReadonlySet<string>> = (() => {
  const map = new Map<string, Set<string>>();
  const link = (one: string, other: string) => {
    const opposites = map.get(one) ?? new Set();
    map.set(one, opposites.add(other));
  };
  for (const pair of pairs.trim().split(/[|\n]/)) {
    const [left = "", right = ""] = pair.split("/");
    for (const one of left.split(","))
      for (const other of right.split(",")) {
        link(one, other);
        link(other, one);
      }
  }
  return map;
})();

/** Prefixes that turn a word into its contrary: "safe" and "unsafe". */
export const contraryPrefixes = ["un", "non", "in", "im", "ir", "il", "dis", "de", "anti", "mis"] as const;
