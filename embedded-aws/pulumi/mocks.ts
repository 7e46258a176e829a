import Module from "node:module";
import { dirname, sep } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { MockCallArgs, MockResourceArgs, MockResourceResult } from "@pulumi/pulumi/runtime";
import type { Caller } from "../aws/caller";
import type { World } from "../aws/world";
import { runProgram, type Engine, type ProgramOptions } from "./run-program";
import { accountOf, type AnsweredCall } from "./account";
import { expansions } from "./awsx";
import { invoke } from "./invokes";
import { holdsSecret, plain, settled } from "./plain";
import type { Account, Properties } from "./types/resource-type";
import { resourceTypeOf } from "./types";

/** How a program is deployed into a world. */
export interface DeployOptions extends Omit<ProgramOptions, "secretKeys" | "preview"> {
  /** Who makes the calls; the operator, when absent. */
  readonly caller?: Caller;
  /** Told of each resource as it is made: for a progress line. */
  readonly onResource?: (resource: DeployedResource) => void;
  /** Told of each call that was answered: for a recording. */
  readonly onCall?: (call: AnsweredCall) => void;
  /** How a provider waits for a database or a service; on the world's clock, when absent. */
  readonly sleep?: (delayMs: number) => Promise<void>;
  /** Exports that stand in for modules of the program, by the paths of their files. */
  readonly standIns?: Readonly<Record<string, unknown>>;
}

/** A resource that exists now. */
export interface DeployedResource {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly state: Properties;
}

/** A stack that stands in a world. */
export interface Deployment {
  /** The program's exports. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Resources of the account in the order in which they were made; components are not among them. */
  readonly resources: readonly DeployedResource[];
  /** Deletes the resources, the last one first. */
  destroy(): Promise<void>;
}

/** Runs a Pulumi program, given by the path of its module, against the embedded AWS: `pulumi up` with npm alone. */
export async function deploy(world: World, program: string, options: DeployOptions): Promise<Deployment> {
  const resources: DeployedResource[] = [];
  const failures: unknown[] = [];
  const defaultTags = tagsOfConfig(options.config);
  const account = (type: string, name: string): Account => {
    const made = accountOf(world, { type, name }, { ...options, defaultTags });
    // A provider that waits gives up once the deployment has failed.
    const sleep = async (delayMs: number): Promise<void> => {
      await made.sleep(delayMs);
      if (failures.length > 0) throw failures[0];
    };
    return { ...made, sleep };
  };

  const create = async (args: MockResourceArgs): Promise<MockResourceResult> => {
    const { inputs, transforms } = await transformed(args);
    const expand = Object.hasOwn(expansions, args.type) ? expansions[args.type] : undefined;
    if (expand) {
      const outputs = expand(args.name, (await plain(inputs)) as Properties, { transforms });
      await Promise.all(Object.values(outputs).map(async (child) => child && settled(child.urn)));
      return { id: undefined, state: outputs };
    }
    if (!args.custom || args.type.startsWith("pulumi:")) return { id: undefined, state: inputs };
    const { id, state } = await resourceTypeOf(args.type).create(
      account(args.type, args.name),
      (await plain(inputs)) as Record<string, unknown>,
      args.name,
    );
    const resource = { type: args.type, name: args.name, id, state };
    resources.push(resource);
    options.onResource?.(resource);
    return { id, state: secretsKept(inputs, state) };
  };

  const engine: Engine = {
    newResource: async (args) => {
      // A registration that fails is an unhandled rejection in Pulumi's runtime. So the program goes on without
      // a single call more, and the deployment fails at its end.
      if (failures.length > 0) return notMade(args);
      try {
        return await create(args);
      } catch (error) {
        failures.push(failure(args, error));
        return notMade(args);
      }
    },
    call: (args: MockCallArgs) =>
      plain(args.inputs).then((inputs) =>
        invoke(account("invoke", args.token), args.token, inputs as Properties),
      ),
  };
  const outputs = await runProgram(() => loadAnew(program, options.standIns), options, engine).catch(
    (error: unknown) => {
      // What a resource said counts more than what the runtime made of it.
      throw failures[0] ?? error;
    },
  );
  if (failures.length > 0) throw failures[0];
  return { outputs, resources, destroy: () => destroy(world, resources, options) };
}

/** Inputs after the resource's own transforms, which the mock monitor hands over and does not run. */
async function transformed(
  args: MockResourceArgs,
): Promise<{ inputs: Record<string, unknown>; transforms: pulumi.ResourceTransform[] }> {
  const transforms = args.transforms ?? [];
  let inputs = args.inputs as Record<string, unknown>;
  for (const transform of transforms) {
    const result = await transform({
      custom: args.custom ?? false,
      type: args.type,
      name: args.name,
      props: inputs,
      opts: {},
    });
    if (result) inputs = (await plain(result.props)) as Record<string, unknown>;
  }
  return { inputs, transforms };
}

function notMade({ inputs }: MockResourceArgs): MockResourceResult {
  return { id: "not-made", state: inputs as Record<string, unknown> };
}

function failure({ type, name }: MockResourceArgs, cause: unknown): Error {
  return new Error(`${type} ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

/** A secret input is a secret output too. */
function secretsKept(inputs: Properties, state: Properties): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(state).map(([key, value]) => [
      key,
      holdsSecret(inputs[key]) ? pulumi.secret<unknown>(value) : value,
    ]),
  );
}

/** A program declares its resources when it is loaded: its own files are loaded anew for each deployment. */
function loadAnew(program: string, standIns: DeployOptions["standIns"] = {}): unknown {
  const folder = dirname(require.resolve(program)) + sep;
  for (const file of Object.keys(require.cache))
    if (file.startsWith(folder) && isOfProgram(file.slice(folder.length))) delete require.cache[file];
  for (const [file, exports] of Object.entries(standIns)) require.cache[file] = loadedModule(file, exports);
  try {
    // As Pulumi loads it: `import()` would pass the TypeScript registration by.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require(program);
  } finally {
    for (const file of Object.keys(standIns)) delete require.cache[file];
  }
}

/** A module as `require` keeps it once it is loaded. */
export function loadedModule(file: string, exports: unknown): NodeJS.Module {
  return Object.assign(new Module(file), { loaded: true, exports });
}

function isOfProgram(path: string): boolean {
  return !["node_modules", "embedded-aws", "demo", "test", "simulation", "bench", "cli"].includes(
    path.split(sep)[0]!,
  );
}

function tagsOfConfig(config: Readonly<Record<string, unknown>>): Record<string, string> {
  const tags = config["aws:defaultTags"] as { tags?: Record<string, string> } | undefined;
  return tags?.tags ?? {};
}

async function destroy(world: World, resources: DeployedResource[], options: DeployOptions): Promise<void> {
  for (let resource = resources.pop(); resource; resource = resources.pop()) {
    const { type, name, id, state } = resource;
    try {
      await resourceTypeOf(type).delete(accountOf(world, { type, name }, options), id, state);
    } catch (error) {
      throw new Error(`deleting ${type} ${name}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
}
