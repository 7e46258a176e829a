import { inspect } from "node:util";
import { operator } from "../embedded-aws/aws/caller";
import { Iam } from "../embedded-aws/aws/iam";
import { decisionIn, isNews } from "./decisions";
import { example, recyclerName } from "./example";
import { processPlatform } from "./platform";
import { openStage, type Stage } from "./stage";
import { Timeline } from "./timeline";

/** As near to AWS as is bearable by hand: CloudTrail takes minutes there. Milliseconds. */
const cloudTrailDelayMs = 2_000;
const taskStartMs = 1_000;

/** What to type to speak to a stage: variables of the environment that every SDK and the AWS CLI know. */
export function environmentOf({ world, door }: Stage): Record<string, string> {
  const { accessKeyId, secretAccessKey } = Iam.of(world).credentials(operator);
  return {
    AWS_ENDPOINT_URL: door.url,
    AWS_REGION: world.region,
    AWS_DEFAULT_REGION: world.region, // the AWS CLI 1 knows this name only
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

/** What is printed when everything stands: how to reach it, and what to try. */
export function welcome(stage: Stage): string {
  const variables = Object.entries(environmentOf(stage)).map(([name, value]) => `export ${name}=${value}`);
  const services = example.services.map(({ service }) => service).join(" ");
  return `
The embedded AWS listens on ${stage.door.url}. examples/shop and the recycler are deployed in it.

In another terminal, for the AWS CLI and any SDK:

${variables.join("\n")}

Then, for instance:

# the services, and when their newest deployments were made
aws ecs describe-services --cluster ${example.cluster} --services ${services} \\
  --query 'services[].[serviceName, runningCount, deployments[0].createdAt]' --output table
# a new value: three seconds later the worker is replaced, for its log driver holds the old one
aws secretsmanager put-secret-value --secret-id ${example.logTokenSecret} --secret-string "$(date +%s)"
# a new database password, made by the rotation function: web and worker are replaced
aws secretsmanager rotate-secret --secret-id ${example.databaseSecret}
# what the recycler decided, and why
aws logs filter-log-events --log-group-name /aws/lambda/${recyclerName} --filter-pattern decision \\
  --query 'events[].message' --output text
# its rules; its queue and its dead letters (the AWS CLI 1 wants the endpoint here once more)
aws events list-rules --query 'Rules[].[Name, Description]' --output table
aws sqs list-queues --endpoint-url "$AWS_ENDPOINT_URL"

Ctrl-C ends it and leaves nothing behind.
`;
}

async function main(): Promise<void> {
  const platform = processPlatform({ taskStartMs });
  const timeline = new Timeline(process.stdout, platform.clock);
  let close = (): Promise<void> => platform.close();
  const interrupted = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  const opened = openStage(
    platform,
    {
      seed: "local",
      mode: "recycle",
      cloudTrailDelayMs,
      onStep: (step) => timeline.event("deploy", step),
    },
    (end) => (close = end),
  );
  try {
    const stage = await Promise.race([opened, interrupted, platform.failed]);
    if (!stage) return;
    process.stdout.write(`${welcome(stage)}\n`);
    platform.onFunctionLine = (functionName, line) => {
      const decision = functionName === recyclerName ? decisionIn(line) : undefined;
      if (decision && isNews(decision))
        timeline.event(decision.decision, `${decision.service}: ${decision.reason}`);
    };
    await Promise.race([interrupted, platform.failed]);
  } finally {
    await close();
  }
}

if (require.main === module)
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${inspect(error)}\n`);
      process.exit(1);
    },
  );
