// A process that does nothing, beside the one that is measured: when it is late, the machine stood still.
import { answerParent } from "./child.mjs";
import { watchEventLoop } from "./process-watch.mjs";

let watch;

answerParent({
  begin() {
    watch = watchEventLoop();
  },
  end: () => watch.end(),
});
