import { NormalizedSchema } from "@smithy/core/schema";

/** What a value of a shape may be. `number` holds integers and floats: the SDK's schemas do not tell them apart. */
export type Kind =
  | "string"
  | "boolean"
  | "number"
  | "blob"
  | "timestamp"
  | "document"
  | "list"
  | "map"
  | "structure"
  | "union"
  | "unit";

/** How a timestamp is written when its member does not say (Smithy: date-time, http-date, epoch-seconds). */
export type TimestampFormat = "date-time" | "http-date" | "epoch-seconds";

/** Traits of the SDK's schemas that the protocols need. */
export interface Traits {
  readonly jsonName?: string;
  readonly xmlName?: string;
  readonly xmlFlattened?: unknown;
  readonly xmlAttribute?: unknown;
  readonly xmlNamespace?: readonly [string, string];
  readonly ec2QueryName?: string;
  readonly http?: readonly [method: string, path: string, status: number];
  readonly httpLabel?: unknown;
  readonly httpQuery?: string;
  readonly httpQueryParams?: unknown;
  readonly httpHeader?: string;
  readonly httpPrefixHeaders?: string;
  readonly httpPayload?: unknown;
  readonly httpResponseCode?: unknown;
  readonly httpError?: number;
  readonly awsQueryError?: readonly [code: string, status: number];
  readonly error?: "client" | "server";
  readonly streaming?: unknown;
  readonly sparse?: unknown;
  readonly sensitive?: unknown;
  readonly idempotencyToken?: unknown;
}

const memberTables = new WeakMap<object, ReadonlyMap<string, Shape>>();
const noMembers: ReadonlyMap<string, Shape> = new Map();

/**
 * A schema of an SDK package, as the embedded AWS reads it: the kind, the traits, the members and which of them
 * are required. Members are made when they are asked for, because shapes may hold themselves.
 */
export class Shape {
  /** The shape's own name, without its namespace. */
  readonly name: string;
  readonly kind: Kind;
  /** Traits of the shape and of the member that refers to it. */
  readonly traits: Traits;
  /** Traits of the member alone: a name of the shape itself does not rename a member. */
  readonly memberTraits: Traits;
  #element: Shape | undefined;
  #key: Shape | undefined;

  constructor(private readonly schema: NormalizedSchema) {
    this.name = schema.getName() ?? "";
    this.kind = kindOf(schema);
    this.traits = schema.getMergedTraits();
    this.memberTraits = schema.isMemberSchema() ? schema.getMemberTraits() : {};
  }

  /** A schema as an SDK package exports it (or a function that gives one). */
  static of(reference: unknown): Shape {
    return new Shape(NormalizedSchema.of(reference as Parameters<typeof NormalizedSchema.of>[0]));
  }

  /** Members of a structure or union, in the model's order; empty for everything else. */
  get members(): ReadonlyMap<string, Shape> {
    if (this.kind !== "structure" && this.kind !== "union") return noMembers;
    const table = this.schema.getSchema() as object;
    let members = memberTables.get(table);
    if (!members) {
      members = new Map([...this.schema.structIterator()].map(([name, member]) => [name, new Shape(member)]));
      memberTables.set(table, members);
    }
    return members;
  }

  /** Names of the members that must be there. In the schema they come first, and element 6 is their number. */
  get required(): readonly string[] {
    if (this.kind !== "structure") return [];
    const table = this.schema.getSchema() as unknown as readonly unknown[];
    const count = typeof table[6] === "number" ? table[6] : 0;
    return (table[4] as readonly string[]).slice(0, count);
  }

  /** What a list holds, or the values of a map. */
  get element(): Shape {
    return (this.#element ??= new Shape(this.schema.getValueSchema()));
  }

  /** The keys of a map. */
  get key(): Shape {
    return (this.#key ??= new Shape(this.schema.getKeySchema()));
  }

  /** A stream instead of a value in memory (S3's bodies). */
  get streaming(): boolean {
    return this.schema.isStreaming();
  }

  /** The format that the schema names, or the protocol's own. */
  timestampFormat(otherwise: TimestampFormat): TimestampFormat {
    return timestampFormats[this.schema.getSchema() as number] ?? otherwise;
  }
}

/** SCHEMA.TIMESTAMP_* of `@smithy/core/schema`; 4 is "the protocol's default". */
const timestampFormats: Readonly<Record<number, TimestampFormat>> = {
  5: "date-time",
  6: "http-date",
  7: "epoch-seconds",
};

function kindOf(schema: NormalizedSchema): Kind {
  if (schema.isUnitSchema()) return "unit";
  if (schema.isUnionSchema()) return "union";
  if (schema.isStructSchema()) return "structure";
  if (schema.isListSchema()) return "list";
  if (schema.isMapSchema()) return "map";
  if (schema.isBlobSchema()) return "blob";
  if (schema.isTimestampSchema()) return "timestamp";
  if (schema.isDocumentSchema()) return "document";
  if (schema.isBooleanSchema()) return "boolean";
  if (schema.isStringSchema()) return "string";
  if (schema.isNumericSchema() || schema.isBigIntegerSchema() || schema.isBigDecimalSchema()) return "number";
  throw new Error(
    `a schema of an unknown kind: ${schema.getName(true)} (is @smithy/core newer than this code?)`,
  );
}
