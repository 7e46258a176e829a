import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";

const cluster = new aws.ecs.Cluster("shop", { name: "shop" });
const service = new awsx.ecs.FargateService("web", {
  cluster: cluster.arn,
  desiredCount: 0,
  networkConfiguration: { subnets: ["subnet-0123456789abcdef0"] },
  taskDefinitionArgs: {
    container: {
      name: "web",
      image: "registry.example.com/web:1",
      cpu: 300,
      memory: 600,
      portMappings: [{ containerPort: 8080 }],
      secrets: [
        {
          name: "TOKEN",
          valueFrom: "arn:aws:secretsmanager:us-west-2:123456789012:secret:token-AbCdEf",
        },
      ],
    },
  },
});

export const serviceName = service.service.apply(({ name }) => name);
export const definitionArn = service.taskDefinition.apply((definition) => definition!.arn);
