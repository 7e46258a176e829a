import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";

/** The settings in a stack's file of this repository, `Pulumi.STACK.yaml`, keys without their namespace. */
export function settingsOfStack(stack: string): Record<string, unknown> {
  const file = path.join(__dirname, "..", "..", `Pulumi.${stack}.yaml`);
  const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
  const settings: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    const [namespace, name = ""] = key.split(":");
    if (namespace === "ecs-secret-recycler") settings[name] = value;
  }
  return settings;
}
