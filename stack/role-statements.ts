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
  return [
    {
      // Each cluster stands in the policy once, as the condition that every one of these actions has, so that a hundred
      // clusters fit. Its ARN limits the resources to this account and Region; the lists take no resource.
      Sid: "WorkInClusters",
      Effect: "Allow",
      Action: [
        "ecs:DescribeServiceDeployments",
        "ecs:DescribeServiceRevisions",
        "ecs:DescribeServices",
        "ecs:DescribeTasks",
        "ecs:GetTaskProtection",
        "ecs:ListServiceDeployments",
        "ecs:ListServices",
        "ecs:ListTasks",
        "ecs:UpdateService",
      ],
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
