import { dnsSuffix, localArn, type Place } from "../aws-semantics/arn";
import type { Statement } from "../aws-semantics/iam-policy";
import { parseReference } from "../aws-semantics/secret-reference";
import type { StrategyName } from "../rotator/settings";
import { logStatement } from "./role-statements";
import type { RotatedCredential } from "./settings-rotations";

/** What a built-in rotator works on. */
export interface RotatorAccess {
  readonly credential: RotatedCredential;
  readonly strategy: StrategyName;
  /** Name or ARN of the administrator's secret. */
  readonly adminSecret?: string;
  /** ARN of the customer-managed key that encrypts the credential, if it is one. */
  readonly kmsKeyArn?: string;
  /** Whether the function has network interfaces in a VPC. */
  readonly inVpc: boolean;
  readonly logGroup: string;
}

/**
 * What a built-in rotator may do: read and write exactly its credential, read exactly its administrator's secret,
 * write its log. Which actions take a resource: Service Authorization Reference.
 */
export function rotatorStatements(place: Place, access: RotatorAccess): Statement[] {
  const { credential, strategy, adminSecret, kmsKeyArn, inVpc, logGroup } = access;
  const ofSecret = credential.kind === "secret";
  const statements: Statement[] = [
    ofSecret ? rotateSecret(place, credential.id, strategy) : rotateParameter(credential.arn),
  ];
  if (adminSecret !== undefined)
    statements.push({
      Sid: "ReadAdminSecret",
      Effect: "Allow",
      Action: "secretsmanager:GetSecretValue",
      Resource: secretArns(place, adminSecret),
    });
  if (kmsKeyArn !== undefined)
    statements.push({
      Sid: "UseKey",
      Effect: "Allow",
      // A parameter of the standard tier is encrypted by the key itself, one of the advanced tier by a data key (AWS
      // KMS Developer Guide, "How AWS Systems Manager Parameter Store uses AWS KMS"); its tier is not known here.
      Action: ["kms:Decrypt", ...(ofSecret ? [] : ["kms:Encrypt"]), "kms:GenerateDataKey"],
      Resource: kmsKeyArn,
      Condition: {
        StringEquals: { "kms:ViaService": viaService(place, ofSecret ? "secretsmanager" : "ssm") },
      },
    });
  // AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC": none of these can be
  // limited to interfaces that do not exist yet.
  if (inVpc)
    statements.push({
      Sid: "UseVpc",
      Effect: "Allow",
      Action: ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"],
      Resource: "*",
    });
  return [...statements, logStatement(place, logGroup)];
}

/** AWS KMS Developer Guide, "kms:ViaService"; whether China's suffix stands in it is not said: both are taken. */
function viaService(place: Place, service: string): string[] {
  return [...new Set(["amazonaws.com", dnsSuffix(place.partition)])].map(
    (suffix) => `${service}.${place.region}.${suffix}`,
  );
}

/** Versions are listed by a single user only, who looks for the password that is still valid. */
function rotateSecret(place: Place, id: string, strategy: StrategyName): Statement {
  return {
    Sid: "RotateSecret",
    Effect: "Allow",
    Action: [
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetSecretValue",
      ...(strategy === "single-user" ? ["secretsmanager:ListSecretVersionIds"] : []),
      "secretsmanager:PutSecretValue",
      "secretsmanager:UpdateSecretVersionStage",
    ],
    Resource: secretArns(place, id),
  };
}

function rotateParameter(arn: string): Statement {
  return {
    Sid: "RotateParameter",
    Effect: "Allow",
    Action: ["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:PutParameter"],
    Resource: arn,
  };
}

/**
 * ARNs of one secret for a policy. Secrets Manager adds a hyphen and six characters to a name; where an ARN ends like
 * that already, it may still be a partial one of a name that does, so both are named.
 */
function secretArns(place: Place, id: string): string | string[] {
  if (!id.startsWith("arn:")) return localArn(place, "secretsmanager", `secret:${id}-??????`);
  const reference = parseReference(id, place, "secret");
  const complete = reference.service === "secretsmanager" && reference.complete;
  return complete ? [id, `${id}-??????`] : `${id}-??????`;
}
