import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Mode } from "../handler/coverage";
import type { World } from "../embedded-aws/aws/world";
import { deploy, type DeployOptions, type Deployment } from "../embedded-aws/pulumi/mocks";
import { exampleFolder } from "./platform";
import { defaultVariant, type Variant } from "./variant";

/** Project and stack of the recycler, and the names that follow from them. */
export const recyclerProject = "ecs-secret-recycler";
export const recyclerStack = "demo";
/** Name of the recycler's function, its role and its trail. */
export const recyclerName = `${recyclerProject}-${recyclerStack}`;

/** The example's cluster and services, and which of them its settings cover. */
export const example = {
  cluster: "shop",
  services: [
    { service: "web", covered: true, desiredCount: 3 },
    { service: "worker", covered: true, desiredCount: 2 },
    { service: "reports", covered: false, desiredCount: 2 },
  ],
  databaseSecret: "shop/database",
  /** Replaces the secret where the variant keeps the credential in a parameter. */
  databaseParameter: "/shop/database",
  adminSecret: "shop/database-admin",
  logTokenSecret: "shop/log-token",
  partnerSecret: "shop/partner-key",
  parameter: "/shop/feature-flags",
} as const;

/** Names of the services that the example's settings cover. */
export const coveredServices: readonly string[] = example.services
  .filter(({ covered }) => covered)
  .map(({ service }) => service);

const repository = join(exampleFolder, "..", "..");

/** The recycler's settings for the example, from its file; for another store, changed as that file says. */
export function exampleSettings({ store } = defaultVariant): Record<string, unknown> {
  const file = join(exampleFolder, "settings.yaml");
  const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
  if (store === "secret") return config;
  const key = `${recyclerProject}:rotations`;
  const rotations = config[key] as { secret: string }[];
  return {
    ...config,
    [key]: rotations.map(({ secret: _, ...rest }) => ({ parameter: example.databaseParameter, ...rest })),
  };
}

/** Delay of the recycler's queue in the example's settings, in milliseconds. */
export function queueDelayMs(): number {
  return (exampleSettings()[`${recyclerProject}:timing`] as { delaySeconds: number }).delaySeconds * 1000;
}

/** Who is told of the progress of a deployment, and how it waits. */
export type Listeners = Pick<DeployOptions, "onResource" | "onCall" | "sleep">;

/** How the recycler is deployed into a world. */
export interface RecyclerOptions extends Listeners {
  /** By full key, instead of the example's. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Exports that stand in for those of handler/index.ts. */
  readonly handler?: unknown;
}

/** Deploys the example into a world. Its passwords are drawn from the world's seed. */
export function deployShop(
  world: World,
  { engine, store }: Variant,
  listeners: Listeners = {},
): Promise<Deployment> {
  const random = world.random.fork("example");
  const passwords = ["adminPassword", "databasePassword", "registryPassword", "logToken", "partnerKey"];
  return deploy(world, join(exampleFolder, "index.ts"), {
    project: "shop",
    stack: recyclerStack,
    config: {
      "aws:region": world.region,
      "shop:engine": engine,
      "shop:store": store,
      ...Object.fromEntries(passwords.map((name) => [`shop:${name}`, random.text(24)])),
    },
    ...listeners,
  });
}

/** Deploys the recycler with the example's settings into a world. */
export function deployRecycler(
  world: World,
  mode: Mode,
  variant: Variant,
  { settings = {}, handler, ...listeners }: RecyclerOptions = {},
): Promise<Deployment> {
  return deploy(world, join(repository, "index.ts"), {
    project: recyclerProject,
    stack: recyclerStack,
    config: {
      ...exampleSettings(variant),
      ...settings,
      "aws:region": world.region,
      [`${recyclerProject}:mode`]: mode,
    },
    ...(handler !== undefined && { standIns: { [join(repository, "handler", "index.ts")]: handler } }),
    ...listeners,
  });
}
