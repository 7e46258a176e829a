import * as aws from "@pulumi/aws";
import type { EngineName } from "../rotator/settings";
import type { ResolvedRotation } from "./rotation";
import type { ResolvedRotator } from "./rotator";
import { settingsError, type Mistake } from "./settings-messages";
import type { BuiltInSettings, RotationSettings } from "./settings-rotations";

/** Engines as RDS names them, those of Aurora's instances included. */
const ENGINE_OF: Readonly<Record<string, EngineName>> = {
  postgres: "postgres",
  "aurora-postgresql": "postgres",
  mysql: "mysql",
  "aurora-mysql": "mysql",
  mariadb: "mariadb",
};

/**
 * Looks up what `database: INSTANCE` stands for: engine, subnets and security groups. Awaited before anything is
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
async function resolve({ database, engine, ...rest }: BuiltInSettings): Promise<ResolvedRotator | string> {
  if (database === undefined) {
    if (engine === undefined)
      throw new Error("a built-in rotator without engine and database was not checked");
    return { ...rest, engine };
  }
  const lookup = await lookUp(database);
  if (typeof lookup === "string") return lookup;
  const { instance, subnetIds } = lookup;
  const known = ENGINE_OF[instance.engine];
  if (!known)
    return `"${database}" runs ${instance.engine}; wanted ${Object.keys(ENGINE_OF).join(", ")}, or a function of your own`;
  return { ...rest, engine: known, subnets: subnetIds, securityGroups: instance.vpcSecurityGroups };
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
