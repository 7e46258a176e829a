import type { Target } from "@aws-sdk/client-eventbridge";

/** An event as it lies on the bus. */
export interface BusEvent {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": string;
  readonly source: string;
  readonly account: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The value at a JSON path of names and indexes (`$.detail.name`, `$.resources[0]`); undefined when absent. */
export function valueAt(event: unknown, path: string): unknown {
  if (!/^\$(\.[\w-]+|\[\d+\]|\['[^']+'\])*$/.test(path)) return undefined;
  let value: unknown = event;
  for (const [step] of path.matchAll(/\.[\w-]+|\[\d+\]|\['[^']+'\]/g)) {
    if (typeof value !== "object" || value === null) return undefined;
    const key = step.startsWith(".") ? step.slice(1) : step.replace(/^\['?|'?\]$/g, "");
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/**
 * The text that a target receives: the event, a part of it (`InputPath`), a constant (`Input`) or a template
 * (Amazon EventBridge User Guide, "Input transformation": text is inserted as it is, all else as JSON).
 */
export function targetInput(
  target: Target,
  event: BusEvent,
  rule: { readonly name: string; readonly arn: string },
): string {
  if (target.Input !== undefined) return target.Input;
  if (target.InputPath !== undefined) return JSON.stringify(valueAt(event, target.InputPath) ?? null);
  if (!target.InputTransformer) return JSON.stringify(event);
  const { InputPathsMap = {}, InputTemplate = "" } = target.InputTransformer;
  const reserved: Readonly<Record<string, unknown>> = {
    "aws.events.rule-arn": rule.arn,
    "aws.events.rule-name": rule.name,
    "aws.events.event.ingestion-time": event.time,
    "aws.events.event": withoutDetail(event),
    "aws.events.event.json": event,
  };
  return InputTemplate.replace(/<([\w.-]+)>/g, (placeholder, name: string, offset: number) => {
    const path = Object.hasOwn(InputPathsMap, name) ? InputPathsMap[name] : undefined;
    if (path === undefined && !Object.hasOwn(reserved, name)) return placeholder;
    const value = path === undefined ? reserved[name] : valueAt(event, path);
    if (value !== undefined && typeof value !== "string") return JSON.stringify(value);
    const text = JSON.stringify(value ?? "");
    return InputTemplate[offset - 1] === '"' || !InputTemplate.trimStart().startsWith("{")
      ? text.slice(1, -1)
      : text;
  });
}

function withoutDetail({ detail: _, "detail-type": detailType, ...event }: BusEvent): object {
  return { ...event, detailType };
}
