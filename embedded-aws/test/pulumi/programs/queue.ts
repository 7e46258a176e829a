import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const role = new aws.iam.Role("reader", {
  assumeRolePolicy: {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
    ],
  },
});
const queue = new aws.sqs.Queue("events", {
  name: "events.fifo",
  fifoQueue: true,
  contentBasedDeduplication: true,
  delaySeconds: config.requireNumber("delaySeconds"),
});
new aws.iam.RolePolicy("reader", {
  role: role.name,
  policy: pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sqs:ReceiveMessage", Resource: queue.arn }],
  }),
});

export const queueUrl = queue.url;
export const queueArn = queue.arn;
export const roleName = role.name;
export const region = aws.getRegionOutput().region;
