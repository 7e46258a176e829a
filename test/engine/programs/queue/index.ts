import * as aws from "@pulumi/aws";

const queue = new aws.sqs.Queue("queue", { visibilityTimeoutSeconds: 42 });

export const url = queue.url;
