import { CodeDeploy } from "../codedeploy";
import { Ec2 } from "../ec2";
import { Ecs } from "../ecs";
import { Sqs } from "../sqs";
import { Lambda } from "../lambda";
import { EventBridge } from "../eventbridge";
import { Logs } from "../logs";
import { S3 } from "../s3";
import { CloudTrail } from "../cloudtrail";
import { Sns } from "../sns";
import { CloudWatch } from "../cloudwatch";
import { StandardGate } from "./gate";
import { Iam } from "../iam";
import { Kms } from "../kms";
import { Rds } from "../rds";
import { SecretsManager } from "../secrets-manager";
import type { Service } from "../service";
import { Ssm } from "../ssm";
import { Sts } from "../sts";
import { World, type WorldOptions } from "../world";

/** The services of every world, one line each: to add one, import its class and name it here. Order is free. */
const services: readonly (new (world: World) => Service)[] = [
  Iam, // decides every other service's calls
  Sts,
  Kms,
  SecretsManager,
  Ssm,
  EventBridge,
  CloudWatch,
  Sns,
  CloudTrail,
  S3,
  Logs,
  Lambda,
  Sqs,
  CodeDeploy,
  Ec2,
  Ecs,
  Rds,
];

/** One AWS account in one Region, empty, with every service that the embedded AWS has. */
export function createWorld(options: WorldOptions): World {
  const world = new World(options, StandardGate);
  for (const Service of services) world.add(new Service(world));
  return world;
}
