import { notImplemented, ServiceError } from "../errors";

/**
 * A filter pattern as a test of a message (Amazon CloudWatch Logs User Guide, "Filter pattern syntax"): terms that
 * must all be there (`ERROR "not found" -debug ?a ?b`), or comparisons of a JSON message joined by `&&`
 * (`{ $.decision = "recycle" && $.count > 1 }`).
 */
export function filterPattern(pattern: string): (message: string) => boolean {
  const text = pattern.trim();
  if (text.startsWith("{")) return jsonPattern(text);
  if (text.startsWith("[")) throw notImplemented("a filter pattern of space-delimited fields");
  const terms = [...text.matchAll(/([?-]?)(?:"([^"]*)"|([^\s"]+))/g)].map(([, sign, quoted, word]) => ({
    sign,
    term: quoted ?? word ?? "",
  }));
  const all = terms.filter(({ sign }) => sign === "");
  const none = terms.filter(({ sign }) => sign === "-");
  const any = terms.filter(({ sign }) => sign === "?");
  return (message) =>
    all.every(({ term }) => message.includes(term)) &&
    !none.some(({ term }) => message.includes(term)) &&
    (any.length === 0 || all.length > 0 || any.some(({ term }) => message.includes(term)));
}

function jsonPattern(text: string): (message: string) => boolean {
  const inner = /^\{([\s\S]*)\}$/.exec(text)?.[1];
  const refused = () => new ServiceError("InvalidParameterException", `Invalid filter pattern: ${text}`);
  if (inner === undefined || inner.trim() === "") throw refused();
  if (/\|\||\bIS\b|\bEXISTS\b/.test(inner)) throw notImplemented(`the filter pattern ${text}`);
  const tests = inner.split("&&").map((part) => {
    const [, path, operator, quoted, bare] =
      /^\s*\(?\s*\$((?:\.[\w-]+|\[\d+\])+)\s*(=|!=|<=|>=|<|>)\s*(?:"([^"]*)"|([^\s")]+))\s*\)?\s*$/.exec(
        part,
      ) ?? [];
    const wanted = quoted ?? bare;
    if (path === undefined || operator === undefined || wanted === undefined) throw refused();
    return (root: unknown) => compare(valueAt(root, path), operator, wanted);
  });
  return (message) => {
    if (!message.startsWith("{")) return false;
    let root: unknown;
    try {
      root = JSON.parse(message);
    } catch (error) {
      if (error instanceof SyntaxError) return false;
      throw error;
    }
    return tests.every((test) => test(root));
  };
}

function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const [step] of path.matchAll(/[\w-]+/g)) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function compare(value: unknown, operator: string, wanted: string): boolean {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean" && value !== null)
    return false;
  const glob = new RegExp(`^${wanted.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`, "s");
  const equal = typeof value === "number" ? value === Number(wanted) : glob.test(String(value));
  switch (operator) {
    case "=":
      return equal;
    case "!=":
      return !equal;
    case "<":
      return Number(value) < Number(wanted);
    case "<=":
      return Number(value) <= Number(wanted);
    case ">":
      return Number(value) > Number(wanted);
    default:
      return Number(value) >= Number(wanted);
  }
}
