import { Alarms } from "./stack/alarms";
import { currentContext } from "./stack/context";
import { Queue } from "./stack/queue";
import { Recycler } from "./stack/recycler";
import { clustersOf } from "./stack/role-statements";
import { Rotation, rotationRuleNames } from "./stack/rotation";
import { resolveDatabases } from "./stack/rotation-databases";
import { Rules } from "./stack/rules";
import { SavedQueries } from "./stack/saved-queries";
import { readSettings } from "./stack/settings";
import { Trail } from "./stack/trail";

/** Keeps every container of Amazon ECS on the current value of its secrets. */
export = async () => {
  const context = await currentContext();
  const { place, names } = context;
  const settings = readSettings(place);
  const { coverage, mode, timing, limits, alarms, exceptions, permissionsBoundary, logRetentionDays } =
    settings;
  const rotations = await resolveDatabases(settings.rotations);

  const queue = new Queue("queue", {
    context,
    delaySeconds: timing.delaySeconds,
    rules: Object.values(names.rules),
    requesters: settings.requesters,
    otherRules: rotationRuleNames(names, rotations),
  });
  const rules = new Rules("rules", {
    context,
    queue,
    clusters: clustersOf(coverage),
    sweep: timing.sweep,
    mode,
  });
  const recycler = new Recycler("recycler", {
    context,
    queue,
    settings: { coverage, mode, queueName: names.queue, delaySeconds: timing.delaySeconds, limits },
    permissionsBoundary,
    logRetentionDays,
  });
  const trail = settings.trail === "create" ? new Trail("trail", { context }) : undefined;
  const rotation = new Rotation("rotation", {
    context,
    queue,
    rotations,
    mode,
    permissionsBoundary,
    logRetentionDays,
  });
  new SavedQueries("queries", {
    context,
    logGroup: recycler.logGroup.name,
    otherLogGroups: rotation.logGroups,
  });
  if (alarms.email ?? alarms.topic)
    new Alarms("alarms", {
      context,
      alarms,
      queue,
      recycler,
      rotation,
      rules,
      mode,
      delaySeconds: timing.delaySeconds,
    });

  return {
    queueName: queue.queue.name,
    queueUrl: queue.queue.url,
    functionName: recycler.function.name,
    questionsArn: recycler.questions.arn,
    ruleNames: rules.names,
    ...(trail && { trailBucketName: trail.bucketName }),
    policyConfig: {
      "ecs-service-secrets-covered": {
        account: place.account,
        region: place.region,
        coverage,
        exceptions,
      },
    },
  };
};
