import type { Shape } from "./shape";

/** One thing wrong with a value, and where. It never holds the value itself, which may be a secret. */
export interface Fault {
  /** `missing`: required and absent. `type`: of another type. `unknown`: not in the model. */
  readonly kind: "missing" | "type" | "unknown";
  /** Members and indexes from the top, joined by dots: `containers.1.name`. */
  readonly path: string;
  /** What the model wants: `string`, `list`, ... */
  readonly wanted: string;
}

/** All that is wrong with a value of this shape; empty when nothing is. */
export function faultsOf(shape: Shape, value: unknown): Fault[] {
  const faults: Fault[] = [];
  if (shape.kind === "unit") return faults;
  walk(shape, value, "", faults);
  return faults;
}

function walk(shape: Shape, value: unknown, path: string, faults: Fault[]): void {
  const wrong = () => faults.push({ kind: "type", path, wanted: shape.kind });
  switch (shape.kind) {
    case "string":
      if (typeof value !== "string") wrong();
      return;
    case "boolean":
      if (typeof value !== "boolean") wrong();
      return;
    case "number":
      if (typeof value !== "number" || !Number.isFinite(value)) wrong();
      return;
    case "timestamp":
      if (!(value instanceof Date) || Number.isNaN(value.getTime())) wrong();
      return;
    case "blob":
      if (!(value instanceof Uint8Array) && !(shape.streaming && isStream(value))) wrong();
      return;
    case "document":
    case "unit":
      return;
    case "list":
      if (!Array.isArray(value)) return void wrong();
      for (let i = 0; i < value.length; i++) element(shape.element, value[i], `${path}.${i}`, faults);
      return;
    case "map":
      if (!isRecord(value)) return void wrong();
      for (const key of Object.keys(value)) element(shape.element, value[key], `${path}.${key}`, faults);
      return;
    case "structure":
    case "union":
      if (!isRecord(value)) return void wrong();
      structure(shape, value, path, faults);
  }
}

function element(shape: Shape, value: unknown, path: string, faults: Fault[]): void {
  if (value === null && shape.traits.sparse !== undefined) return;
  walk(shape, value, path, faults);
}

function structure(shape: Shape, value: Record<string, unknown>, path: string, faults: Fault[]): void {
  const { members } = shape;
  const at = (name: string) => (path ? `${path}.${name}` : name);
  for (const name of shape.required)
    if (value[name] === undefined)
      faults.push({ kind: "missing", path: at(name), wanted: members.get(name)!.kind });
  let present = 0;
  for (const name of Object.keys(value)) {
    if (value[name] === undefined) continue;
    present++;
    const member = members.get(name);
    if (member) walk(member, value[name], at(name), faults);
    else faults.push({ kind: "unknown", path: at(name), wanted: "nothing" });
  }
  if (shape.kind === "union" && present !== 1)
    faults.push({ kind: "type", path, wanted: "union with one member" });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  );
}

function isStream(value: unknown): boolean {
  return typeof value === "string" || (typeof value === "object" && value !== null && "pipe" in value);
}
