/**
 * The AWS managed policies that programs like this one attach, as AWS publishes them (AWS Managed Policy Reference
 * Guide): path, name, document.
 */
export const managedPolicies: readonly (readonly [path: string, name: string, document: string])[] = [
  managed("/service-role/", "AmazonECSTaskExecutionRolePolicy", [
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
  ]),
  managed("/service-role/", "AWSLambdaBasicExecutionRole", [
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
  ]),
  managed("/service-role/", "AWSLambdaSQSQueueExecutionRole", [
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
  ]),
  managed("/service-role/", "AWSLambdaVPCAccessExecutionRole", [
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
  ]),
  managed("/", "AdministratorAccess", ["*"]),
  // What awsx gives a task role by default; of the documents, the actions of the service itself.
  managed("/", "AWSLambda_FullAccess", [
    "lambda:*",
    "iam:GetRole",
    "iam:ListRoles",
    "logs:DescribeLogGroups",
  ]),
  managed("/", "AmazonECS_FullAccess", [
    "ecs:*",
    "iam:ListRoles",
    "logs:CreateLogGroup",
    "logs:DescribeLogGroups",
  ]),
];

function managed(path: string, name: string, actions: readonly string[]): readonly [string, string, string] {
  const Statement = [{ Effect: "Allow", Action: actions, Resource: "*" }];
  return [path, name, JSON.stringify({ Version: "2012-10-17", Statement })];
}
