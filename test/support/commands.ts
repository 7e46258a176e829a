import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ServiceModel } from "../../embedded-aws/aws/wire/model";
import { virtualWorld } from "../../embedded-aws/test/support/world";
import manifest from "../../package.json";

const root = join(__dirname, "..", "..");
const scripts: Readonly<Record<string, string | undefined>> = manifest.scripts;

/** The programs whose command lines are checked wherever a page names one. */
export const programs = ["npm", "npx", "node", "pulumi", "aws", "go", "apt-get", ".ci/run", ".ci/figures"];

/** Flags that every operation of the AWS CLI takes. */
const awsGlobalFlags = ["query", "output", "region", "endpoint-url"];

/** What a page may say for the reader's own: `FILE`, `NAME`, `s3://BUCKET`. */
const isPlaceholder = (word: string): boolean => /^[A-Z][A-Z_]*$/.test(word);

/**
 * What is wrong with a command line of a page: a script, file, flag or operation that does not exist.
 * @param followed the lines that a test runs on the real engine: any `pulumi` command must be among their verbs
 */
export function problemsOf(line: string, followed: readonly string[]): string[] {
  return commandsIn(line).flatMap((words) => {
    const [program = "", ...rest] = words;
    switch (program) {
      case "export":
        return [];
      case "npm":
        return ofNpm(rest);
      case "pulumi":
        return ofPulumi(rest, followed);
      case "aws":
        return ofAws(rest);
      case "go":
        return rest.join(" ") === "mod tidy" ? [] : [`go ${rest.join(" ")}: nothing checks this command`];
      case "apt-get":
        return ofAptGet(rest);
      case "sed":
        // A test runs it, with its result: see docs/deployer.md.
        return rest.filter((word) => word.endsWith(".json") && word.includes("/")).flatMap(missingFile);
      default:
        return program.startsWith(".ci/")
          ? missingFile(program)
          : [`${program}: nothing checks this command`];
    }
  });
}

/** The commands of a line, as lists of words; assignments before a command and redirections left out. */
function commandsIn(line: string): string[][] {
  const commands: string[][] = [[]];
  // Quoted texts, `$(...)` included, are one word.
  for (const [word] of line.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+/g)) {
    if (["&&", "|", ";"].includes(word)) commands.push([]);
    else commands.at(-1)!.push(word);
  }
  const inner = [...line.matchAll(/\$\(([^()]*)\)/g)].flatMap(([, text]) => commandsIn(text!));
  return [
    ...commands.map((words) => {
      const start = words.findIndex((word) => !/^\w+=/.test(word));
      const end = words.findIndex((word) => /^\d*>/.test(word));
      return words.slice(Math.max(start, 0), end < 0 ? undefined : end);
    }),
    ...inner,
  ].filter((words) => words.length > 0);
}

function ofNpm(words: readonly string[]): string[] {
  const separator = words.indexOf("--");
  const own = separator < 0 ? words : words.slice(0, separator);
  const passed = separator < 0 ? [] : words.slice(separator + 1);
  const [verb, ...names] = own.filter((word) => word !== "--silent");
  if (verb === "ci")
    return names.every((flag) => npmCiFlags.includes(flag)) ? [] : [`npm ci ${names.join(" ")}`];
  const script = verb === "test" ? "test" : verb === "run" ? names[0] : undefined;
  const command = script === undefined ? undefined : scripts[script];
  if (command === undefined) return [`npm ${own.join(" ")}: no such script`];
  return passed.flatMap((word) => {
    if (word.startsWith("--"))
      return hasFlag(command, word.slice(2)) ? [] : [`npm run ${script}: no flag ${word}`];
    return /\.\w+$/.test(word) ? missingFile(word) : [];
  });
}

const npmCiFlags = ["--omit=dev", "--ignore-scripts"];

/** Whether the program that a script runs declares a flag. */
function hasFlag(command: string, flag: string): boolean {
  if (command.startsWith("mocha")) return isMochaFlag(flag);
  const sources = command
    .split(/\s+/)
    .filter((word) => /\.(ts|cjs|mjs)$/.test(word) && !word.includes("register"));
  return sources.some((source) => {
    const text = readFileSync(join(root, source), "utf8");
    return text.includes(`"${flag}": {`) || text.includes(`${flag}: {`);
  });
}

/** What mocha itself takes for a flag, its own or one of Node.js. */
function isMochaFlag(flag: string): boolean {
  const from = createRequire(__filename);
  const own = from("mocha/lib/cli/run-option-metadata.cjs") as { types: Record<string, readonly string[]> };
  const node = from("mocha/lib/cli/node-flags.cjs") as { isNodeFlag(flag: string): boolean };
  return Object.values(own.types).flat().includes(flag) || node.isNodeFlag(flag);
}

function ofPulumi(words: readonly string[], followed: readonly string[]): string[] {
  const verb = (line: readonly string[]): string =>
    line.slice(0, ["stack", "config"].includes(line[0] ?? "") ? 2 : 1).join(" ");
  const known = followed
    .flatMap(commandsIn)
    .flatMap(([program, ...rest]) => (program === "pulumi" ? [verb(rest)] : []));
  const problems = known.includes(verb(words)) ? [] : [`pulumi ${verb(words)}: no test follows this command`];
  const output = verb(words) === "stack output" ? words[2] : undefined;
  if (output !== undefined && !readFileSync(join(root, "index.ts"), "utf8").includes(output))
    problems.push(`pulumi stack output ${output}: the stack has no such output`);
  return problems;
}

function ofAws([prefix = "", name = "", ...rest]: readonly string[]): string[] {
  const service = [...virtualWorld().world.services].find((candidate) => candidate.prefix === prefix);
  const pascal = (text: string): string =>
    text.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
  const operation = service && ServiceModel.of(service.sdk).operation(pascal(name));
  if (!operation) return [`aws ${prefix} ${name}: no such operation`];
  const members = [...operation.input.members.keys()].map((member) => member.toLowerCase());
  return rest.flatMap((word) => {
    const flag = word.startsWith("--") ? word.slice(2) : undefined;
    if (flag === undefined || awsGlobalFlags.includes(flag)) return [];
    return members.includes(flag.replaceAll("-", "")) ? [] : [`aws ${prefix} ${name}: no flag ${word}`];
  });
}

function ofAptGet(words: readonly string[]): string[] {
  const run = readFileSync(join(root, ".ci", "run"), "utf8");
  const wanted = words.filter((word) => !word.startsWith("-"));
  return wanted[0] === "install" && wanted.slice(1).every((name) => run.includes(name))
    ? []
    : [`apt-get ${words.join(" ")}: .ci/run installs nothing of that name`];
}

/** A file that does not exist, or a program of `.ci` that cannot be run. */
function missingFile(path: string): string[] {
  if (isPlaceholder(path)) return [];
  const place = join(root, path);
  if (!existsSync(place)) return [`${path}: no such file`];
  return path.startsWith(".ci/") && (statSync(place).mode & 0o111) === 0 ? [`${path}: cannot be run`] : [];
}
