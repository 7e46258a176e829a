import { operator } from "../embedded-aws/aws/caller";
import { Iam } from "../embedded-aws/aws/iam";
import { runCommand } from "./command";
import { followDecisions } from "./decisions";
import { example, recyclerName } from "./example";
import { processPlatform } from "./platform";
import { openStage, type Stage } from "./stage";
import { Timeline } from "./timeline";

const usage = `npm run local

Starts the embedded AWS with examples/shop and the recycler deployed in it, and
prints how to reach it. Ctrl-C ends it.
`;

/** The environment variables with which every SDK and the AWS CLI reach a stage. */
function environmentOf({ world, door }: Stage): Record<string, string> {
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

/** Printed when everything is deployed: how to reach it, and what to try. No line is longer than 80 columns. */
function welcome(stage: Stage): string {
  const variables = Object.entries(environmentOf(stage)).map(([name, value]) => `export ${name}=${value}`);
  const services = example.services.map(({ service }) => service).join(" ");
  return `
The embedded AWS listens on ${stage.door.url}.
examples/shop and the recycler are deployed in it.

In another terminal, for the AWS CLI and any SDK:

${variables.join("\n")}

Then, for instance:

# list the services, and when their newest deployments were created
aws ecs describe-services --cluster ${example.cluster} --services ${services} \\
  --query 'services[].[serviceName, runningCount, deployments[0].createdAt]' \\
  --output table
# put a new value: after three seconds the recycler replaces the tasks of worker,
# whose log driver has the old one
aws secretsmanager put-secret-value --secret-id ${example.logTokenSecret} \\
  --secret-string "$(date +%s)"
# rotate the database password: the recycler replaces the tasks of web and worker
aws secretsmanager rotate-secret --secret-id ${example.databaseSecret}
# print what the recycler decided, and why
aws logs filter-log-events --log-group-name /aws/lambda/${recyclerName} \\
  --filter-pattern decision --query 'events[].message' --output text
# list its rules and its queues (the AWS CLI 1 needs the endpoint here once more)
aws events list-rules --query 'Rules[].[Name, Description]' --output table
aws sqs list-queues --endpoint-url "$AWS_ENDPOINT_URL"

Ctrl-C ends it and leaves nothing behind.
`;
}

runCommand({
  usage,
  options: {},
  // Ctrl-C is how it ends.
  untilInterrupted: true,
  async run(_, ends) {
    const platform = processPlatform();
    const timeline = new Timeline(process.stdout, platform.clock);
    ends(() => platform.close());
    const opened = openStage(
      platform,
      {
        seed: "local",
        mode: "recycle",
        onStep: (step) => timeline.event("deploy", step),
        onWarning: (warning) => timeline.event("warning", warning),
      },
      ends,
    );
    const stage = await Promise.race([opened, platform.failed]);
    process.stdout.write(`${welcome(stage)}\n`);
    followDecisions(platform, timeline);
    return platform.failed;
  },
});
