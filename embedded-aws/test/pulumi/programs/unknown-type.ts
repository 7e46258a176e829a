import * as aws from "@pulumi/aws";

const table = new aws.dynamodb.Table("orders", {
  attributes: [{ name: "id", type: "S" }],
  hashKey: "id",
  billingMode: "PAY_PER_REQUEST",
});
new aws.sqs.Queue("after", { name: table.name.apply((name) => `after-${name}`) });
