import type { Caller } from "../../aws/caller";
import type { World } from "../../aws/world";
import { accountOf } from "../account";
import { invoke } from "../invokes";
import { resourceTypeOf } from "../types";
import { serveProvider } from "./provider-service";
import type { Properties, ResourceTypes } from "./provider-service";

/** How the provider works on its account. */
export interface AwsProviderOptions {
  /** Who makes the calls; the operator, when absent. */
  readonly caller?: Caller;
}

/**
 * `pulumi-resource-aws` on the embedded AWS: the table that the mocks use, served to a real Pulumi engine. The
 * executable in `bin` prints the port, which it finds in EMBEDDED_AWS_PROVIDER_PORT.
 */
export function serveAwsProvider(
  world: World,
  options: AwsProviderOptions = {},
): Promise<{ port: number; close(): Promise<void> }> {
  return serveProvider(awsResourceTypes(world, options));
}

function awsResourceTypes(world: World, { caller }: AwsProviderOptions): ResourceTypes {
  let defaultTags: Readonly<Record<string, string>> = {};
  const account = (type: string, name: string) => accountOf(world, { type, name }, { caller, defaultTags });
  // A name that is made up is another one each time, so that what an earlier stack left behind is not in the way.
  const made = new Map<string, number>();
  const nextAccount = (type: string, name: string) => {
    const before = made.get(`${type} ${name}`) ?? 0;
    return account(type, before === 0 ? name : `${name}#${before}`);
  };
  return {
    configure: (variables) => {
      defaultTags = tagsOf(variables.defaultTags);
    },
    check: (type, name, inputs, old) =>
      checkedInputs(type, name, inputs, old, () => nextAccount(type, name).suffix()),
    computed: (type) => computedOf(type).filter((property) => property !== "id"),
    replaceOnChanges: (type) => (type in previewOnly ? ["*"] : resourceTypeOf(type).replaceOnChanges),
    create: async (type, name, inputs) => {
      const { id, state } = await resourceTypeOf(type).create(nextAccount(type, name), inputs, name);
      made.set(`${type} ${name}`, (made.get(`${type} ${name}`) ?? 0) + 1);
      return { id, state: { ...state } };
    },
    read: async (type, id, state) => {
      const definition = resourceTypeOf(type);
      return definition.read ? definition.read(account(type, id), id, state) : state;
    },
    update: (type, id, old, inputs) => {
      const definition = resourceTypeOf(type);
      if (!definition.update)
        throw new Error(`${type} cannot be changed in place: every change should have replaced it`);
      return definition.update(account(type, id), id, old, inputs, id);
    },
    delete: (type, id, state) => resourceTypeOf(type).delete(account(type, id), id, state),
    invoke: (token, args) => invoke(account("invoke", token), token, args),
  };
}

/**
 * Inputs as the provider answers a check: a name that it makes up is an input from the first preview on, and stays.
 * @param suffix what is appended to the logical name
 */
export function checkedInputs(
  type: string,
  name: string,
  inputs: Properties,
  old?: Properties,
  suffix: () => string = () => "0a1b2c3",
): Properties {
  const property = nameProperty(type);
  if (!property || inputs[property] !== undefined || inputs[`${property}Prefix`] !== undefined) return inputs;
  const ending = inputs.fifoQueue === true ? ".fifo" : "";
  return { ...inputs, [property]: old?.[property] ?? `${name}-${suffix()}${ending}` };
}

/** Outputs of types that can be previewed and not made: nobody deploys them into the embedded AWS. */
const previewOnly: Readonly<Record<string, readonly string[]>> = {
  "aws:ecr/repository:Repository": ["arn", "registryId", "repositoryUrl"],
  "aws:ecs/taskSet:TaskSet": ["arn", "taskSetId", "stabilityStatus"],
};

/** Outputs of a type that only the service can tell. Throws for a type that is not known. */
export function computedOf(type: string): readonly string[] {
  return previewOnly[type] ?? resourceTypeOf(type).computed;
}

/** The property that holds a type's physical name, where it has one that the provider makes up. */
function nameProperty(type: string): string | undefined {
  if (type === "aws:s3/bucket:Bucket") return "bucket";
  if (type === "aws:rds/instance:Instance") return "identifier";
  if (type === "aws:cloudwatch/eventTarget:EventTarget") return "targetId";
  return computedOf(type).includes("name") ? "name" : undefined;
}

function tagsOf(given: unknown): Readonly<Record<string, string>> {
  const parsed: unknown = typeof given === "string" ? JSON.parse(given) : given;
  return (parsed as { tags?: Record<string, string> } | undefined)?.tags ?? {};
}
