import { useEffect, useState } from "preact/hooks";
import { Button } from "./button.tsx";
import { commandPrompts } from "./api-client.ts";
import { stats } from "./desk.ts";
import { formatTime } from "./format.ts";
import { say, sayFault } from "./toasts.tsx";

/** Whether decisions keep prompts, and the button that lets them for a while. */
export function PromptsLock() {
  const prompts = stats.value?.prompts;
  const until = prompts?.until ?? null;
  const left = useMinutesUntil(until);
  if (!prompts) return null;
  if (prompts.shown === "config") return <span class="dim">Prompts are kept (telemetry.log_prompts).</span>;
  const command = async (show: boolean) => {
    try {
      const changed = await commandPrompts({ show });
      if (stats.value) stats.value = { ...stats.value, prompts: changed };
      say(
        changed.until === null
          ? "Prompts are hidden, and those that were kept are wiped."
          : `Prompts of what is decided from now on are shown until ${formatTime(Date.parse(changed.until))}.`,
      );
    } catch (error) {
      sayFault("Prompts cannot be shown", error);
    }
  };
  if (until === null)
    return (
      <Button onClick={() => void command(true)} title="Of what is decided from now on, for 15 minutes">
        Show prompts for 15 minutes
      </Button>
    );
  return (
    <span class="inline">
      <span class="dim">
        Prompts until {formatTime(Date.parse(until))} ({left} min)
      </span>
      <Button onClick={() => void command(false)}>Hide prompts</Button>
    </span>
  );
}

function useMinutesUntil(until: string | null): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (until === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, [until]);
  return until === null ? 0 : Math.max(0, Math.ceil((Date.parse(until) - now) / 60_000));
}
