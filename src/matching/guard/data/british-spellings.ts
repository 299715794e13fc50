const OUR =
  /^(col|flav|fav|behavi|hon|hum|lab|neighb|harb|rum|tum|vap|arm|od|vig|sav|endeav|savi|parl|splend|cand|rig|demean)our/;
const ISE = new RegExp(
  `^(${(
    "organ reorgan real recogn summar optim minim maxim normal general special custom personal author categor critic emphas final " +
    "visual util standard synchron serial initial token vector memor memo prior apolog central character modern popular random " +
    "scrutin stabil steril symbol sympath colon capital civil commercial crystal digit equal fantas fertil formal harmon " +
    "hospital hypothes immun industrial legal liberal local mechan mobil monet national natural neutral penal polar priv public " +
    "rational revolution sanit social subsid terror traumat vapor victim virtual parallel container random jeopard energ item"
  ).replaceAll(" ", "|")})is(e|es|ed|ing|er|ers|ation|ations|able)$`,
);
const YSE = /^(anal|paral|catal|dial)ys(e|ed|ing|er|ers)$/;
const DOUBLED =
  /^((?:trave|cance|mode|labe|fue|signa|tota|leve|counse|equa|dia|tunne|channe|quarre|peda|riva|jewe)l)l(ed|ing|er|ers|or|ors)$/;
const listed: { readonly [british: string]: string } = {
  centre: "center",
  centres: "centers",
  metre: "meter",
  metres: "meters",
  kilometre: "kilometer",
  kilometres: "kilometers",
  centimetre: "centimeter",
  centimetres: "centimeters",
  millimetre: "millimeter",
  millimetres: "millimeters",
  litre: "liter",
  litres: "liters",
  millilitre: "milliliter",
  millilitres: "milliliters",
  theatre: "theater",
  theatres: "theaters",
  fibre: "fiber",
  fibres: "fibers",
  calibre: "caliber",
  tyre: "tire",
  tyres: "tires",
  grey: "gray",
  plough: "plow",
  programme: "program",
  programmes: "programs",
  aeroplane: "airplane",
  aeroplanes: "airplanes",
  aluminium: "aluminum",
  catalogue: "catalog",
  catalogues: "catalogs",
  dialogue: "dialog",
  dialogues: "dialogs",
  analogue: "analog",
  defence: "defense",
  offence: "offense",
  licence: "license",
  licences: "licenses",
  practise: "practice",
  pyjamas: "pajamas",
  sceptical: "skeptical",
  mould: "mold",
  moustache: "mustache",
  cosy: "cozy",
  manoeuvre: "maneuver",
  anaemia: "anemia",
  anaemic: "anemic",
  oestrogen: "estrogen",
  paediatric: "pediatric",
  paediatrician: "pediatrician",
  haemorrhage: "hemorrhage",
  haemoglobin: "hemoglobin",
  diarrhoea: "diarrhea",
  foetus: "fetus",
  leukaemia: "leukemia",
  anaesthesia: "anesthesia",
  oesophagus: "esophagus",
  encyclopaedia: "encyclopedia",
  jewellery: "jewelry",
  marvellous: "marvelous",
  skilful: "skillful",
  fulfil: "fulfill",
  enrol: "enroll",
  instalment: "installment",
  judgement: "judgment",
  ageing: "aging",
  whilst: "while",
  amongst: "among",
  towards: "toward",
};

/** The American spelling of a lower-case English word; other words as they are. Only spellings that no other word has. */
export function toAmericanSpelling(word: string): string {
  if (word.length < 4) return word;
  if (Object.hasOwn(listed, word)) return listed[word] ?? word;
  if (word.includes("our")) return word.replace(OUR, "$1or");
  if (word.includes("is")) return word.replace(ISE, "$1iz$2");
  if (word.includes("ys")) return word.replace(YSE, "$1yz$2");
  return word.includes("ll") ? word.replace(DOUBLED, "$1$2") : word;
}
