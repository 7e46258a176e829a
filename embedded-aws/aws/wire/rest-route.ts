import type { WireRequest } from "./message";
import type { OperationModel, ServiceModel } from "./model";

/** An operation that fits a request, and the values of its labels, decoded. */
export interface RestMatch {
  readonly operation: OperationModel;
  readonly labels: Readonly<Record<string, string>>;
}

interface Template {
  readonly operation: OperationModel;
  readonly method: string;
  /** Literals, `{Label}`, and `{Label+}` which takes all that is left. */
  readonly segments: readonly string[];
  /** Literals that must be in the query, without `x-id`. */
  readonly query: readonly (readonly [name: string, value: string | undefined])[];
  /** S3's `Bucket` is no part of the template: it is the first segment of the path (path style). */
  readonly bucketFirst: boolean;
  /** Required members sent as headers or in the query: what tells CopyObject from PutObject. */
  readonly needs: readonly { readonly header?: string; readonly query?: string }[];
}

const templates = new WeakMap<ServiceModel, readonly Template[]>();

/** The operation that a REST request means: the most specific one of all that AWS has. */
export function findRestOperation(model: ServiceModel, request: WireRequest): RestMatch | undefined {
  const segments = request.path.split("/").filter((segment) => segment !== "");
  let best: (RestMatch & { score: number }) | undefined;
  for (const template of templatesOf(model)) {
    const match = matchTemplate(template, request, segments);
    if (match && (!best || match.score > best.score)) best = match;
  }
  return best;
}

function templatesOf(model: ServiceModel): readonly Template[] {
  let made = templates.get(model);
  if (!made) {
    made = model.operationNames.flatMap((name) => {
      const operation = model.operation(name)!;
      return operation.http ? [templateOf(operation, operation.http)] : [];
    });
    templates.set(model, made);
  }
  return made;
}

function templateOf(operation: OperationModel, [method, uri]: readonly [string, string, number]): Template {
  const [path = "", query = ""] = uri.split("?");
  const segments = path.split("/").filter((segment) => segment !== "");
  const { input } = operation;
  const needs = input.required
    .map((name) => input.members.get(name)!.traits)
    .map(({ httpHeader, httpQuery }) => ({ header: httpHeader?.toLowerCase(), query: httpQuery }));
  return {
    operation,
    method,
    segments,
    query: query
      .split("&")
      .filter((part) => part !== "")
      .map((part) => part.split("=") as [string, string | undefined])
      .filter(([name]) => name !== "x-id"),
    bucketFirst:
      input.members.get("Bucket")?.traits.httpLabel !== undefined && !segments.includes("{Bucket}"),
    needs,
  };
}

function matchTemplate(
  template: Template,
  request: WireRequest,
  segments: readonly string[],
): (RestMatch & { score: number }) | undefined {
  if (template.method !== request.method) return undefined;
  const labels: Record<string, string> = {};
  let rest = segments;
  if (template.bucketFirst) {
    if (rest[0] === undefined) return undefined;
    labels.Bucket = decode(rest[0]);
    rest = rest.slice(1);
  }
  let score = template.bucketFirst ? 1 : 0;
  for (const [index, segment] of template.segments.entries()) {
    const label = /^\{(.+?)(\+?)\}$/.exec(segment);
    const given = rest[index];
    if (given === undefined) return undefined;
    if (!label) {
      if (segment !== given) return undefined;
      score += 2;
    } else if (label[2]) {
      // A key may end in a slash: it is taken from the path itself.
      const taken = rest.slice(index).join("/") + (request.path.endsWith("/") ? "/" : "");
      labels[label[1]!] = decode(taken);
      rest = rest.slice(0, index + 1);
    } else {
      labels[label[1]!] = decode(given);
    }
  }
  if (rest.length !== template.segments.length) return undefined;
  for (const [name, value] of template.query) {
    const given = request.query[name];
    if (given === undefined || (value !== undefined && given !== value)) return undefined;
    score += 10;
  }
  for (const { header, query } of template.needs) {
    if (header !== undefined && request.headers[header] === undefined) return undefined;
    if (query !== undefined && request.query[query] === undefined) return undefined;
    score += 5;
  }
  if (request.query["x-id"] === template.operation.name) score += 100;
  return { operation: template.operation, labels, score };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    // A stray `%`: AWS takes it as it stands.
    if (error instanceof URIError) return segment;
    throw error;
  }
}
