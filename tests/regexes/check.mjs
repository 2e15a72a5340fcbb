// Read [[source, flags], …] from standard input, and write the result of recheck for each.
import { readFileSync } from "node:fs";
import { checkSync } from "recheck";

const results = JSON.parse(readFileSync(0, "utf8")).map(([source, flags]) => {
  const { status, complexity, attack } = checkSync(source, flags, { timeout: 60_000 });
  return { status, complexity: complexity?.summary, attack: attack?.pattern };
});
console.log(JSON.stringify(results));
