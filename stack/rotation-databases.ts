import * as aws from "@pulumi/aws";
import { calledEngines, engineCalled } from "../aws-semantics/database-engines";
import type { Mistake } from "../rotator/settings-messages";
import type { ResolvedRotation } from "./rotation";
import type { ResolvedRotator } from "./rotator";
import { settingsError } from "./settings-error";
import type { BuiltInSettings, RotationSettings } from "./settings-rotations";

/**
 * Looks up what `database: INSTANCE` stands for: engine, host, subnets and security groups. Awaited before anything is
 * declared, so that a wrong name is a mistake of the settings, and role policies hold no unknown.
 * @throws one error that lists every database that cannot be used, with its path
 */
export async function resolveDatabases(rotations: readonly RotationSettings[]): Promise<ResolvedRotation[]> {
  const mistakes: Mistake[] = [];
  const resolved: ResolvedRotation[] = [];
  for (const [index, rotation] of rotations.entries()) {
    const { rotator } = rotation;
    const found = rotator.kind === "built-in" ? await resolve(rotator) : rotator;
    if (typeof found === "string")
      mistakes.push({ path: ["rotations", index, "rotator", "database"], message: found });
    else resolved.push({ ...rotation, rotator: found });
  }
  if (mistakes.length > 0) throw settingsError(mistakes);
  return resolved;
}

/** The rotator with everything known, or what is wrong with its database. */
async function resolve({ database, ...rest }: BuiltInSettings): Promise<ResolvedRotator | string> {
  if (database === undefined) return rest;
  const lookup = await lookUp(database);
  if (typeof lookup === "string") return lookup;
  const { instance, subnetIds } = lookup;
  const engine = engineCalled(instance.engine);
  if (engine === undefined)
    return `"${database}" runs ${instance.engine}; expected ${calledEngines}, or a function of your own`;
  // Empty while the instance is being created.
  const settings = { ...rest.settings, engine, host: instance.address || undefined };
  return { ...rest, settings, subnets: subnetIds, securityGroups: instance.vpcSecurityGroups };
}

async function lookUp(
  database: string,
): Promise<{ instance: aws.rds.GetInstanceResult; subnetIds: string[] } | string> {
  try {
    const instance = await aws.rds.getInstance({ dbInstanceIdentifier: database });
    const { subnetIds } = await aws.rds.getSubnetGroup({ name: instance.dbSubnetGroup });
    return { instance, subnetIds };
  } catch (error) {
    return `"${database}" cannot be looked up: ${error instanceof Error ? error.message : String(error)}`;
  }
}
