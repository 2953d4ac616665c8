// Reads [{ file, code }] from standard input and prints, for each, the rules that ESLint says it
// breaks. A process of its own, because the lint configuration is an ES module.
import { ESLint } from "eslint";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const eslint = new ESLint();
const results = [];
for (const { file, code } of JSON.parse(Buffer.concat(chunks).toString("utf8"))) {
  const [result] = await eslint.lintText(code, { filePath: file });
  results.push(result.messages.map(({ ruleId, message }) => ruleId ?? message));
}
console.log(JSON.stringify(results));
