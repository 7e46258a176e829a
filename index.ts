import { currentContext } from "./stack/context";
import { Queue } from "./stack/queue";
import { Recycler } from "./stack/recycler";
import { clustersOf } from "./stack/role-statements";
import { Rules } from "./stack/rules";
import { readSettings } from "./stack/settings";

/** Keeps every container of Amazon ECS on the current value of its secrets. */
export = async () => {
  const context = await currentContext();
  const { place, names } = context;
  const { coverage, mode, timing, limits, ...settings } = readSettings(place);
  const { delaySeconds, sweep } = timing;

  const queue = new Queue("queue", {
    context,
    delaySeconds,
    rules: Object.values(names.rules),
    otherRules: [],
  });
  const rules = new Rules("rules", { context, queue, clusters: clustersOf(coverage), sweep, mode });
  const recycler = new Recycler("recycler", {
    context,
    queue,
    settings: { coverage, mode, queueName: names.queue, delaySeconds, limits },
    permissionsBoundary: settings.permissionsBoundary,
    logRetentionDays: settings.logRetentionDays,
  });

  return {
    queueName: queue.queue.name,
    functionName: recycler.function.name,
    ruleNames: {
      secrets: rules.secrets.name,
      parameters: rules.parameters.name,
      deployments: rules.deployments.name,
      sweep: rules.sweep.name,
    },
    policyConfig: {
      "ecs-service-secrets-covered": {
        account: place.account,
        region: place.region,
        coverage,
        exceptions: [],
      },
    },
  };
};
