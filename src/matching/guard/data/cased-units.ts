// Lower case | spellings of one meaning, joined by "=". Spellings that are not listed say nothing by themselves.
const table = `
kb|kb=kB=KB|Kb
mb|mb=MB|Mb
gb|gb=GB|Gb
tb|tb=TB|Tb
pb|PB|Pb
kbps|kbps=Kbps|KBps=kBps
mbps|mbps=Mbps|MBps
gbps|gbps=Gbps|GBps
m|m|M
mm|mm|Mm
ms|ms|Ms|mS
mg|mg|Mg
ml|ml=mL|Ml
mol|mol|Mol
mw|mW|MW
mwh|mWh|MWh
mv|mV|MV
ma|mA|MA
mj|mJ|MJ
mn|mN|MN
mpa|mPa|MPa
mhz|mHz|MHz=mhz=Mhz
mbar|mbar|Mbar
mohm|mohm|Mohm
mev|meV|MeV
pa|Pa|pA
pf|pF|PF
nm|nm|Nm
ns|ns|nS
cal|cal|Cal
gs|gs|Gs
`;

/** Symbol in lower case to its spellings, each with the number of its meaning. */
export const casedUnits: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map(
  table
    .trim()
    .split("\n")
    .map((line) => {
      const [symbol = "", ...meanings] = line.split("|");
      const spellings = meanings.flatMap((meaning, index) =>
        meaning.split("=").map((spelling): [string, number] => [spelling, index]),
      );
      return [symbol, new Map(spellings)];
    }),
);
