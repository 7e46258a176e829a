import { appendFileSync } from "node:fs";
import { PolicyPack } from "@pulumi/policy";
import type { PolicyConfigSchema, StackValidationPolicy } from "@pulumi/policy";
import { InputOfRun, check, packConfig, policies } from "./pack";
import { policyLevels } from "./policy";
import type { Level, Policy } from "./policy";
import { impactTable } from "./impact";
import type { WrittenPackConfig } from "../stack/settings-schema";

/** JSON Schema of `PackConfig`: build.cjs makes it from the schema of the settings. */
declare const CONFIG_SCHEMA: PolicyConfigSchema;

const run = new InputOfRun();

/** The file to which a table of what each secret would restart is added, in Markdown: a job's summary. */
const summaryFile = process.env.ECS_SECRET_RECYCLER_SUMMARY;

/**
 * The form of `ReportViolation` that can change one violation's level; the SDK takes it and does not declare it.
 * Without a level the policy's own counts, or what the configuration made of it.
 */
type ReportViolationAtLevel = (violation: { message: string; urn: string; enforcementLevel?: Level }) => void;

function stackValidation(policy: Policy): StackValidationPolicy {
  const covered = policy.name === "ecs-service-secrets-covered";
  return {
    name: policy.name,
    description: policy.description,
    enforcementLevel: policyLevels[policy.name],
    ...(covered ? { configSchema: CONFIG_SCHEMA } : {}),
    validateStack: (args, report) => {
      const config = covered ? packConfig(args.getConfig<WrittenPackConfig>()) : undefined;
      const input = () => run.of(policy, args.resources, config);
      const reportOne = report as unknown as ReportViolationAtLevel;
      for (const { node, message, level } of check(policy, input))
        reportOne({ message, urn: node.urn, ...(level ? { enforcementLevel: level } : {}) });
      if (covered && summaryFile) appendFileSync(summaryFile, impactTable(input()));
    },
  };
}

new PolicyPack("ecs-secret-recycler", { policies: policies.map(stackValidation) });
