// Words of requests that may stand for each other without a change of what is asked. Only where a reader would not
// expect another answer; near-synonyms that a question can turn on ("city" and "town", "cheap" and "free") stay apart.
const groups = `
buy purchase
get obtain acquire gain receive
find locate
make create generate produce build develop
fix repair resolve solve
begin start commence
end finish
help assist aid
show display
use utilize utilise employ utilization utilisation
choose select pick
big large huge
small little tiny
fast quick rapid
quickly fast rapidly
happen occur
need require
need want
explain describe clarify
tell explain
meaning definition
mean signify
define explain
way method approach technique
ways methods approaches techniques
tips advice suggestions
good great excellent nice
best greatest finest top ideal
main key primary chief principal major
important significant crucial essential vital
importance significance
wrong incorrect
right correct
right best
difference distinction
differ vary
speak talk
child kid
children kids
man guy
men guys
movie film
picture photo image photograph
car automobile
job position
company firm
doctor physician
lawyer attorney
house home
store shop
road street
sick ill
ill unwell
smart intelligent clever
begin start
stop cease
prevent avoid
improve enhance
increase boost
reduce decrease lower lessen
change alter modify
deal cope
handle manage
remove eliminate
delete erase remove
show demonstrate
prove demonstrate
think believe
believe reckon
feel think
like enjoy
want wish
try attempt
allow permit let
ask inquire enquire
answer reply respond
answer response
reveal disclose
common widespread
usual typical normal
often frequently
rich wealthy
famous celebrated renowned
beautiful pretty gorgeous
scared afraid frightened
happy glad
sad unhappy
angry mad
strange weird odd
hard difficult tough
easy simple
function work operate
functions works operates
run flow pass
traverse cross
novel new
total overall
entire whole
example sample
examples samples instances
list enumerate
write compose draft
compute calculate
count calculate
number amount count
gather collect
learn study
understand grasp comprehend
teach instruct
exam test
error bug
issue problem
issues problems
trouble problem
reason cause
reasons causes
effect impact
effects impacts
consequence result
purpose goal aim
advantage benefit
advantages benefits
disadvantage drawback
disadvantages drawbacks
component part
phone smartphone
mobile phone cellphone
laptop notebook
website site webpage
movie flick
uncover discover
people persons folks
person individual
people individuals
shut close
near close
type kind sort
types kinds sorts
step stage
phase stage
salary pay wage
salary wages
pupil student
students pupils
instructor teacher professor
city metropolis
country nation
countries nations
present current
previous prior former
final last
several many numerous
enough sufficient
about regarding concerning
maybe perhaps
really truly actually
totally completely entirely
approximately roughly about around
immediately instantly
also too
heavily deeply
live reside
living residing
earn make
cost price
costs prices
terrible awful horrible
annoying irritating
funny humorous
quiet silent
weight mass
speed velocity
story tale
song track
street road
sea ocean
trip journey
vacation holiday
garbage trash rubbish
fall autumn
soccer football
flat apartment
elevator lift
gas petrol gasoline
tv television
mum mom mother
dad father
baby infant
guide tutorial
manual handbook
setup configuration
config configuration
configure setup
dictionary dict
repository repo
directory folder
argument parameter
application app program
programme program
software program
merge combine join
concatenate join
split divide
swap exchange
sort order
retrieve fetch get
verify check validate
examine check study inspect
evaluate assess
analyze examine
compare contrast
estimate approximate
forecast predict
suggest recommend propose
suggestion recommendation
suggestions recommendations
invent devise
permit license
rule regulation
law statute
nearest closest
town village
illness disease sickness
drug medicine medication
medicines medications drugs
remedy cure treatment
treat cure
symptoms signs
operation surgery
pain ache
belly stomach
tummy stomach
fat overweight
people citizens residents inhabitants population
resident citizen inhabitant
reside live stay
tall high
elevation height altitude
class course
classes courses lessons
delivery shipping
tackle address handle solve
overcome beat conquer
fulfill satisfy meet
view check see show
instruct require tell
allowed available permitted
best good great nice cool awesome brilliant amazing fantastic wonderful
institution institute
cut chop slice
place put
break crack
lecturer instructor professor
undergrad undergraduate
grad graduate
pic picture photo
vid video
tutorials guides
folder dir
function method
message text
messages texts
purchase buy order
cancel stop
refund reimbursement
begin start launch
open start launch
launch release
lower reduce cut decrease
boost improve increase
grow increase
raise increase
simple basic
basic fundamental
basics fundamentals
main biggest
differences distinctions
similar alike
spell write
kids babies children
gift present
gifts presents
nearby near
journey trip travel
wash clean
clean tidy
remain stay
keep maintain
quit stop
discover find
discovered found
invented created
founded established created
author writer
director filmmaker
boss manager
worker employee
workers employees staff
elect vote
leader head chief
destroy ruin
hurt harm
damage harm
safe secure
dangerous risky hazardous
calm relax
exercise workout
exercises workouts
`;

/** Each word to the numbers of the groups that it stands in. */
export const synonymGroups: ReadonlyMap<string, ReadonlySet<number>> = (() => {
  const map = new Map<string, Set<number>>();
  for (const [index, group] of groups.trim().split("\n").entries())
    for (const word of group.split(" ")) map.set(word, (map.get(word) ?? new Set<number>()).add(index));
  return map;
})();
