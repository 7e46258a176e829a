import type { Unwrap } from "@pulumi/pulumi";

/** What a resource type needs of the account it works on: the mocks give the world itself, a provider a client. */
export interface Account {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** `arn:PARTITION:service:REGION:ACCOUNT:resource`. */
  arn(service: string, resource: string): string;
  /** `aws:defaultTags`: every resource that takes tags gets them, its own tags win. */
  readonly defaultTags: Readonly<Record<string, string>>;
  /**
   * One API call, by IAM prefix and operation; rejects with the service's error (its code is `name`). Members of the
   * input that are undefined are left out.
   */
  call<Output extends object>(prefix: string, operation: string, input: object): Promise<Output>;
  /** Seven hexadecimal digits, as Pulumi appends them to a name that the program does not set. */
  suffix(): string;
  /** Waits on the account's clock. */
  sleep(delayMs: number): Promise<void>;
}

/** A resource as the provider answers it: its id and every output, inputs included. */
export interface Created {
  readonly id: string;
  readonly state: Readonly<Record<string, unknown>>;
}

/** Properties of a resource with their types erased, plain values only. */
export type Properties = Readonly<Record<string, unknown>>;

/** How one Pulumi resource type becomes API calls; typed by the arguments of `@pulumi/aws`. */
export interface ResourceTypeDefinition<Inputs> {
  /** Outputs that are known only after the creation: unknown in a preview. */
  readonly computed: readonly string[];
  /** Inputs whose change replaces the resource; `"*"`: any change does. */
  readonly replaceOnChanges: readonly string[];
  /** @param name the logical name, from which a physical one is made when the program sets none. */
  create(account: Account, inputs: Inputs, name: string): Promise<Created>;
  /** Answers the outputs after the change. Absent: any change replaces. */
  update?(account: Account, id: string, olds: Properties, news: Inputs, name: string): Promise<Properties>;
  /** What it is now, for a refresh; undefined when it is gone. Absent: taken to be as it was left. */
  read?(account: Account, id: string, state: Properties): Promise<Properties | undefined>;
  delete(account: Account, id: string, state: Properties): Promise<void>;
}

/** A resource type as mocks and providers hold it. */
export type ResourceType = ResourceTypeDefinition<Record<string, unknown>>;

/** Erases the argument types. The only place where that is done. */
export function resourceType<Args>(definition: ResourceTypeDefinition<Unwrap<Args>>): ResourceType {
  return definition as unknown as ResourceType;
}

/** The resource's own tags over the account's default tags. */
export function allTags(
  account: Account,
  tags: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  return { ...account.defaultTags, ...tags };
}

/** `[{ Key, Value }]`, as most services take tags; undefined when there is none. */
export function tagList(
  tags: Readonly<Record<string, string>>,
): { Key: string; Value: string }[] | undefined {
  const entries = Object.entries(tags);
  return entries.length === 0 ? undefined : entries.map(([Key, Value]) => ({ Key, Value }));
}

/** The physical name: the program's own, its prefix, or Pulumi's automatic one. */
export function physicalName(
  account: Account,
  logicalName: string,
  given: { name?: string; namePrefix?: string },
  ending = "",
): string {
  if (given.name !== undefined) return given.name;
  if (given.namePrefix !== undefined) return `${given.namePrefix}${account.suffix()}${ending}`;
  return `${logicalName}-${account.suffix()}${ending}`;
}

/** A policy document as the API takes it: text. Programs may give an object. */
export function policyText(policy: unknown): string {
  return typeof policy === "string" ? policy : JSON.stringify(policy);
}

/** The state text of a member of `properties`; throws when it is none. */
export function text(properties: Properties, key: string): string {
  const value = properties[key];
  if (typeof value !== "string")
    throw new Error(`property ${key}: found ${typeof value}, wanted a string that the creation answered`);
  return value;
}

/** Object without members that are undefined. */
export function defined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

/** `camelCase` keys to `PascalCase`, all the way down: Pulumi's names of AWS's own members. */
export function pascal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pascal);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key.charAt(0).toUpperCase() + key.slice(1), pascal(member)]),
  );
}
