import type { Statement } from "../aws-semantics/iam-policy";
import type { RecyclerSettings } from "../handler/coverage";
import type { Names } from "./context";
import { localArn, type Place } from "../aws-semantics/arn";

/** The text of a policy. */
export function policyDocument(statements: readonly Statement[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/** The trust policy of a Lambda function's role. */
export const lambdaAssumeRolePolicy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

/** The clusters of the coverage, each once, in a stable order. */
export function clustersOf(coverage: RecyclerSettings["coverage"]): string[] {
  return [...new Set(coverage.map(({ cluster }) => cluster))].sort();
}

/**
 * The recycler's permissions: describe services, their deployments and tasks in the covered clusters and redeploy the
 * services, describe secrets and parameters of its account and Region (without reading values), receive messages from
 * its queue, write its log. Limited by cluster and not by service or secret, so that a change of `services` changes only
 * the function's code. Source for actions with resources and condition keys: Service Authorization Reference.
 */
export function recyclerStatements(place: Place, names: Names, clusters: readonly string[]): Statement[] {
  const inClusters = (kind: string): string[] =>
    clusters.map((cluster) => localArn(place, "ecs", `${kind}/${cluster}/*`));
  return [
    {
      Sid: "RecycleServices",
      Effect: "Allow",
      Action: ["ecs:DescribeServices", "ecs:ListServiceDeployments", "ecs:UpdateService"],
      Resource: inClusters("service"),
    },
    {
      // DescribeServiceDeployments names the service and the deployment.
      Sid: "DescribeDeployments",
      Effect: "Allow",
      Action: ["ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions", "ecs:GetTaskProtection"],
      Resource: ["service", "service-deployment", "service-revision", "task"].flatMap(inClusters),
    },
    {
      Sid: "ListClusters",
      Effect: "Allow",
      Action: ["ecs:ListServices", "ecs:ListTasks", "ecs:DescribeTasks"],
      Resource: "*",
      Condition: {
        ArnEquals: { "ecs:cluster": clusters.map((cluster) => localArn(place, "ecs", `cluster/${cluster}`)) },
      },
    },
    { Sid: "ReadTaskDefinitions", Effect: "Allow", Action: "ecs:DescribeTaskDefinition", Resource: "*" },
    {
      Sid: "LookAtSecrets",
      Effect: "Allow",
      Action: ["secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds"],
      Resource: localArn(place, "secretsmanager", "secret:*"),
    },
    { Sid: "ListSecrets", Effect: "Allow", Action: "secretsmanager:ListSecrets", Resource: "*" },
    { Sid: "LookAtParameters", Effect: "Allow", Action: "ssm:DescribeParameters", Resource: "*" },
    {
      Sid: "TakeMessages",
      Effect: "Allow",
      Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"],
      Resource: localArn(place, "sqs", names.queue),
    },
    logStatement(place, names.logGroup),
  ];
}

/** Allows writing to one existing log group, not creating one. */
export function logStatement(place: Place, logGroup: string): Statement {
  return {
    Sid: "WriteLog",
    Effect: "Allow",
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: localArn(place, "logs", `log-group:${logGroup}:log-stream:*`),
  };
}
