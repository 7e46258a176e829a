import { refused } from "../constraints";
import { ServiceError } from "../errors";

/** What Parameter Store answers for input that it does not take. */
export const invalid = { code: "ValidationException" } as const;

/** AWS Systems Manager User Guide, "Requirements and constraints for parameter names": 15 levels. */
const mostLevels = 15;

/** Refuses a name that a new parameter may not have. */
export function checkName(name: string): void {
  const problem = nameProblem(name);
  if (problem !== undefined) throw refused(invalid, problem);
  if (name.split("/").length - 1 > mostLevels)
    throw new ServiceError(
      "HierarchyLevelLimitExceededException",
      `Parameter name exceeds the maximum hierarchy level of ${mostLevels}.`,
    );
}

function nameProblem(name: string): string | undefined {
  if (name.length < 1 || name.length > 2048) return "Parameter name: must be 1 to 2048 characters long.";
  if (/^\/?(aws|ssm)/i.test(name))
    return `Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive).`;
  if (!/^[a-zA-Z0-9_.\-/]+$/.test(name))
    return "Parameter name: can't contain other characters than a-zA-Z0-9_.- and the / between levels.";
  if (name.includes("/") && !name.startsWith("/")) return "Parameter name must be a fully qualified name.";
  return name.endsWith("/") || name.includes("//") ? "Parameter name: a level can't be empty." : undefined;
}

/** A name with what follows its colon: `name:3` or `name:label`. ARNs have colons of their own. */
export function splitSelector(given: string): { name: string; selector?: string } {
  const isArn = given.startsWith("arn:");
  const parts = given.split(":");
  const own = isArn ? 6 : 1;
  return parts.length > own
    ? { name: parts.slice(0, own).join(":"), selector: parts.slice(own).join(":") }
    : { name: given };
}
