import { dnsSuffix, localArn, type Place } from "../aws-semantics/arn";
import type { Statement } from "../aws-semantics/iam-policy";
import { parseReference } from "../aws-semantics/secret-reference";
import type { CompleteSettings } from "../rotator/settings";
import { logStatement } from "./role-statements";
import type { RotatedCredential } from "./settings-rotations";

/** What a built-in rotator needs access to. */
export interface RotatorAccess extends Pick<CompleteSettings, "strategy" | "adminSecret"> {
  readonly credential: RotatedCredential;
  /** ARN of the customer-managed key that encrypts the credential; absent for an AWS-managed key. */
  readonly kmsKeyArn?: string;
  /** The same of the administrator's secret. */
  readonly adminKmsKeyArn?: string;
  /** Whether the function has network interfaces in a VPC. */
  readonly inVpc: boolean;
  readonly logGroup: string;
}

/**
 * A built-in rotator's permissions: read and write only its credential, read only its administrator's secret, write its
 * log. Source for actions with resources: Service Authorization Reference.
 */
export function rotatorStatements(place: Place, access: RotatorAccess): Statement[] {
  const { credential, strategy, adminSecret, kmsKeyArn, adminKmsKeyArn, inVpc, logGroup } = access;
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
      // The key itself encrypts a standard parameter, a data key an advanced one (AWS KMS Developer Guide, "How AWS
      // Systems Manager Parameter Store uses AWS KMS"). The tier is not known here.
      Action: ["kms:Decrypt", ...(ofSecret ? [] : ["kms:Encrypt"]), "kms:GenerateDataKey"],
      Resource: kmsKeyArn,
      Condition: via(place, ofSecret ? "secretsmanager" : "ssm"),
    });
  // The key of the credential may be used by way of the credential's service only, so a parameter needs this for the
  // same key, too.
  if (adminKmsKeyArn !== undefined && !(ofSecret && adminKmsKeyArn === kmsKeyArn))
    statements.push({
      Sid: "UseAdminKey",
      Effect: "Allow",
      Action: "kms:Decrypt",
      Resource: adminKmsKeyArn,
      Condition: via(place, "secretsmanager"),
    });
  // AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC": the interfaces do not
  // exist yet, so the resource is a star.
  if (inVpc)
    statements.push({
      Sid: "UseVpc",
      Effect: "Allow",
      Action: ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"],
      Resource: "*",
    });
  return [...statements, logStatement(place, logGroup)];
}

/** AWS KMS Developer Guide, "kms:ViaService". It does not document the suffix in China, so both are allowed. */
function via({ partition, region }: Place, service: string): Statement["Condition"] {
  const suffixes = new Set(["amazonaws.com", dnsSuffix(partition)]);
  return {
    StringEquals: { "kms:ViaService": [...suffixes].map((suffix) => `${service}.${region}.${suffix}`) },
  };
}

/** Only the strategy single-user lists versions, to find the password that is still valid. */
function rotateSecret(place: Place, id: string, strategy: CompleteSettings["strategy"]): Statement {
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
 * ARNs of one secret for a policy. Secrets Manager adds a hyphen and six characters to a name. An ARN that ends like
 * that may also be a partial one, so the policy names both.
 */
function secretArns(place: Place, id: string): string | string[] {
  if (!id.startsWith("arn:")) return localArn(place, "secretsmanager", `secret:${id}-??????`);
  const reference = parseReference(id, place, "secret");
  const complete = reference.service === "secretsmanager" && reference.complete;
  return complete ? [id, `${id}-??????`] : `${id}-??????`;
}
