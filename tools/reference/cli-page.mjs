// The command line, from its own help.
import { usage } from "../../dist/cli/arguments.js";

export function cliPage() {
  return `# Command line

\`semcache --help\` prints:

\`\`\`text
${usage.trimEnd()}
\`\`\`

In a checkout \`npm start -- ...\` is \`semcache ...\`.

Exit codes: 0 done, 1 failed, 2 wrong usage or wrong configuration, with one line on standard error that names what is wrong and what is
allowed. Flags win over variables, variables over the file, the file over the defaults.
`;
}
