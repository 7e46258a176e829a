import { appendFileSync } from "node:fs";
import { PolicyPack } from "@pulumi/policy";
import type { StackValidationPolicy } from "@pulumi/policy";
import { InputOfRun, check, policies } from "./pack";
import { policyLevels } from "./policy";
import type { Level, PackConfig, Policy } from "./policy";
import { impactTable } from "./impact";

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
    ...(covered ? { configSchema } : {}),
    validateStack: (args, report) => {
      const config = covered ? withDefaults(args.getConfig<Partial<PackConfig>>()) : undefined;
      const input = () => run.of(policy, args.resources, config);
      const reportOne = report as unknown as ReportViolationAtLevel;
      for (const { node, message, level } of check(policy, input))
        reportOne({ message, urn: node.urn, ...(level ? { enforcementLevel: level } : {}) });
      if (covered && summaryFile) appendFileSync(summaryFile, impactTable(input()));
    },
  };
}

function withDefaults(config: Partial<PackConfig>): PackConfig {
  return { ...config, coverage: config.coverage ?? [], exceptions: config.exceptions ?? [] };
}

const strings = { type: "array" as const, items: { type: "string" as const } };

/** What `pulumi stack output policyConfig --json` of a recycler's stack has, and exceptions of this stack's own. */
const configSchema = {
  properties: {
    account: { type: "string" as const, description: "Account of the recycler." },
    region: { type: "string" as const, description: "Region of the recycler." },
    coverage: {
      type: "array" as const,
      description: "What a recycler of another stack covers.",
      items: {
        type: "object" as const,
        required: ["cluster"],
        properties: {
          cluster: { type: "string" as const },
          service: { type: "string" as const },
          exclude: strings,
          secrets: strings,
          parameters: strings,
          wave: { type: "integer" as const },
        },
      },
    },
    exceptions: {
      type: "array" as const,
      description: "Services that are left uncovered, each with the reason.",
      items: {
        type: "object" as const,
        required: ["service", "reason"],
        properties: {
          service: { type: "string" as const },
          reason: { type: "string" as const, minLength: 1 },
        },
      },
    },
  },
};

new PolicyPack("ecs-secret-recycler", { policies: policies.map(stackValidation) });
