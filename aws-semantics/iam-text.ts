/**
 * Texts of IAM policies: wildcards, policy variables, ARN comparison by field.
 *
 * Sources: IAM User Guide, "IAM policy elements: Variables and tags" and "IAM JSON policy elements: Resource".
 */
import { anyCharacter, anyText, globMatches, literally } from "./glob";
import type { GlobToken } from "./glob";

/** A value of the request's context, as the service gives it. */
export type ContextValue = string | number | boolean | readonly (string | number | boolean)[];

/** The request's context: condition keys and their values. Key names are case-insensitive. */
export type RequestContext = Readonly<Record<string, ContextValue>>;

/** All values of a condition key; empty when the key is not in the context. */
export function contextValues(context: RequestContext, key: string): readonly string[] {
  const lower = key.toLowerCase();
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === lower)?.[1];
  if (found === undefined) {
    return [];
  }
  const values = typeof found === "object" ? found : [found];
  return values.map(String);
}

/**
 * The tokens of a text with wildcards and policy variables; undefined when a variable has no value, because then
 * nothing matches. Stars and question marks in a variable's value are literal.
 */
export function patternOf(text: string, context: RequestContext): GlobToken[] | undefined {
  const tokens: GlobToken[] = [];
  for (const piece of text.split(/(\$\{[^}]*\})/)) {
    if (piece.startsWith("${") && piece.endsWith("}")) {
      const value = variableValue(piece.slice(2, -1), context);
      if (value === undefined) {
        return undefined;
      }
      tokens.push(...literally(value));
    } else {
      tokens.push(
        ...[...piece].map((character) =>
          character === "*" ? anyText : character === "?" ? anyCharacter : { literal: character },
        ),
      );
    }
  }
  return tokens;
}

/** The text with its policy variables replaced and no wildcards; undefined when a variable has no value. */
export function textOf(text: string, context: RequestContext): string | undefined {
  let complete = true;
  const replaced = text.replace(/\$\{([^}]*)\}/g, (_whole, variable: string) => {
    const value = variableValue(variable, context);
    complete &&= value !== undefined;
    return value ?? "";
  });
  return complete ? replaced : undefined;
}

/** `${key}`, `${key, 'default'}`, or one of `${*}`, `${?}`, `${$}`. A key with several values has none here. */
function variableValue(variable: string, context: RequestContext): string | undefined {
  if (variable === "*" || variable === "?" || variable === "$") {
    return variable;
  }
  const [, key = "", fallback] = /^\s*([^,]+?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(variable) ?? [];
  const values = contextValues(context, key);
  return values.length === 1 ? values[0] : fallback;
}

/** True when an action matches a pattern with `*` and `?`, case-insensitively. */
export function actionMatches(pattern: string, action: string): boolean {
  if (isPlain(pattern)) {
    return pattern.toLowerCase() === action.toLowerCase();
  }
  return globMatches(patternOf(pattern.toLowerCase(), {}) ?? [], action.toLowerCase());
}

/**
 * True when a resource matches a pattern. ARNs are compared field by field, so a star stays within its field; a star at
 * the very end matches the rest of the ARN.
 */
export function resourceMatches(pattern: string, resource: string, context: RequestContext): boolean {
  if (isPlain(pattern)) {
    return pattern === resource;
  }
  if (!pattern.startsWith("arn:") || !resource.startsWith("arn:")) {
    const tokens = patternOf(pattern, context);
    return tokens !== undefined && globMatches(tokens, resource);
  }
  return arnMatches(pattern, resource, context, true);
}

/**
 * True when an ARN matches an ARN with wildcards, field by field.
 * @param openEnd whether a pattern of fewer than six fields may end in a star that stands for the missing ones
 */
export function arnMatches(
  pattern: string,
  arn: string,
  context: RequestContext,
  openEnd: boolean = false,
): boolean {
  const wanted = splitArn(pattern);
  const fields = splitArn(arn);
  if (fields.length !== 6) {
    return false;
  }
  const last = wanted.length - 1;
  if (wanted.length < 6 && !(openEnd && pattern.endsWith("*"))) {
    return false;
  }
  return wanted.every((field, index) => {
    const text = index === last ? fields.slice(index).join(":") : (fields[index] ?? "");
    if (isPlain(field)) {
      return field === text;
    }
    const tokens = patternOf(field, context);
    return tokens !== undefined && globMatches(tokens, text);
  });
}

/** True for a text without wildcards and variables, the common case. */
function isPlain(pattern: string): boolean {
  return !/[*?$]/.test(pattern);
}

/** The fields of an ARN, six at most; colons within a policy variable separate nothing. */
function splitArn(arn: string): string[] {
  const pieces = arn.match(/\$\{[^}]*\}|[^:$]+|\$|:/g) ?? [];
  const fields = [""];
  for (const piece of pieces) {
    if (piece === ":" && fields.length < 6) {
      fields.push("");
    } else {
      fields[fields.length - 1] += piece;
    }
  }
  return fields;
}
