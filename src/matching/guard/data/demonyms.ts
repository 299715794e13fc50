const table =
  "europe/european/europeans france/french germany/german/germans spain/spanish italy/italian/italians portugal/portuguese russia/russian/russians china/chinese " +
  "japan/japanese korea/korean/koreans india/indian/indians thailand/thai/thais vietnam/vietnamese turkey/turkish greece/greek/greeks poland/polish " +
  "sweden/swedish norway/norwegian denmark/danish finland/finnish netherlands/dutch/holland belgium/belgian switzerland/swiss austria/austrian hungary/hungarian " +
  "ireland/irish scotland/scottish wales/welsh england/english usa/american/americans canada/canadian/canadians mexico/mexican brazil/brazilian argentina/argentinian/argentine " +
  "chile/chilean peru/peruvian colombia/colombian egypt/egyptian/egyptians israel/israeli iran/iranian/persian iraq/iraqi pakistan/pakistani bangladesh/bangladeshi nepal/nepali " +
  "indonesia/indonesian malaysia/malaysian philippines/filipino/philippine australia/australian/australians kenya/kenyan nigeria/nigerian ethiopia/ethiopian ukraine/ukrainian romania/romanian " +
  "bulgaria/bulgarian croatia/croatian serbia/serbian cuba/cuban iceland/icelandic rome/roman/romans maya/mayan/mayans inca/incan asia/asian africa/african uk/british antarctica/antarctic";

/** A country or people, and the words for what belongs to it: one number for all. */
export const demonymGroups: ReadonlyMap<string, number> = new Map(
  table.split(" ").flatMap((group, index) => group.split("/").map((word): [string, number] => [word, index])),
);
