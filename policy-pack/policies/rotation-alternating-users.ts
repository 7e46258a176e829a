import { databaseSecrets } from "../database-secrets";
import { isUnknown, members, text } from "../graph";
import type { Policy } from "../policy";

/**
 * Between the change in the database and the end of the rolling deployment a single user's old password fails. With
 * alternating users both work until the next rotation (AWS Secrets Manager User Guide, rotation strategies).
 */
export const rotationAlternatingUsers: Policy = {
  name: "rotation-alternating-users",
  level: "advisory",
  description: "Asks for alternating users where a service reads the rotated database secret.",
  check: (input) =>
    databaseSecrets(input).flatMap(({ secret, name, readers, rotators }) =>
      rotators
        .filter((rotator) => strategyOf(rotator.properties.environment) === "single-user")
        .map(() => ({
          node: secret,
          message:
            `the database secret ${JSON.stringify(name)}, read by ${readers.join(", ")}, is rotated with a single user: ` +
            "connections opened between the change in the database and the start of the new tasks fail. " +
            'Set rotator: { kind: built-in, strategy: alternating-users } with an "adminSecret".',
        })),
    ),
};

/** The strategy that the built-in rotator's function is configured with; undefined for another function. */
function strategyOf(environment: Parameters<typeof members>[0]): string | undefined {
  const settings = members(members(environment)?.variables)?.ROTATOR_SETTINGS;
  if (isUnknown(settings) || typeof settings !== "string") return undefined;
  try {
    return text((JSON.parse(settings) as { strategy?: string }).strategy);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
