const WIDTH = 30;

/**
 * What is being done, on stderr: a bar on a terminal, else a line at each quarter.
 *
 * @param {string} name
 * @param {number} total
 * @returns {() => void} to be called once for each of them
 */
export function startProgress(name, total) {
  const started = performance.now();
  const { isTTY = false } = process.stderr;
  let done = 0;
  let shown = -1;
  const show = () => {
    const share = total === 0 ? 1 : done / total;
    const step = Math.floor(share * (isTTY ? 200 : 4));
    if (step === shown) return;
    shown = step;
    const seconds = (performance.now() - started) / 1000;
    const left = share > 0.02 && share < 1 ? `, ${formatSeconds((seconds * (1 - share)) / share)} left` : "";
    const told = `${done} of ${total}, ${formatSeconds(seconds)}${left}`;
    if (!isTTY) return void process.stderr.write(`${name}: ${told}\n`);
    const filled = Math.round(share * WIDTH);
    const bar = "#".repeat(filled) + "-".repeat(WIDTH - filled);
    process.stderr.write(`\r\u001b[K${name.padEnd(22)} [${bar}] ${told}${share === 1 ? "\n" : ""}`);
  };
  show();
  return () => {
    done += 1;
    show();
  };
}

function formatSeconds(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
