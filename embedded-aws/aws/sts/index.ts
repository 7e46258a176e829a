import * as sdk from "@aws-sdk/client-sts";
import { callerName, type Caller } from "../caller";
import { between, lengthBetween, refused } from "../constraints";
import { notImplemented, ServiceError } from "../errors";
import { Iam } from "../iam";
import { operation, type Call, type Service } from "../service";
import type { World } from "../world";

const invalid = { code: "ValidationError" } as const;

/** STS: who am I, and another role's credentials. */
export class Sts implements Service {
  readonly prefix = "sts";
  readonly sdk = sdk;

  readonly operations = {
    GetCallerIdentity: operation<sdk.GetCallerIdentityRequest, sdk.GetCallerIdentityResponse>({
      access: "read",
      // AWS STS API Reference: no permissions are required, and a policy cannot take it away.
      authorize: () => [],
      handle: (_input, call) => ({
        Account: this.world.account,
        Arn: callerName(call.caller, this.world.partition, this.world.account),
        UserId: Iam.of(this.world).userId(call.caller),
      }),
    }),
    AssumeRole: operation<sdk.AssumeRoleRequest, sdk.AssumeRoleResponse>({
      access: "write",
      authorize: ({ RoleArn }) => ({ resource: RoleArn! }),
      handle: (input, call) => this.#assumeRole(input, call),
    }),
  };

  constructor(private readonly world: World) {}

  #assumeRole(
    {
      Policy,
      PolicyArns,
      Tags,
      RoleArn: roleArn = "",
      RoleSessionName: session = "",
      DurationSeconds = 3600,
    }: sdk.AssumeRoleRequest,
    call: Call,
  ): sdk.AssumeRoleResponse {
    lengthBetween(session, 2, 64, "roleSessionName", invalid);
    if (!/^[\w+=,.@-]*$/.test(session))
      throw refused(
        invalid,
        `1 validation error detected: Value '${session}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
      );
    if (!/^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$/.test(roleArn)) throw refused(invalid, `${roleArn} is invalid`);
    between(DurationSeconds, 900, 43_200, "durationSeconds", invalid);
    if (Policy ?? PolicyArns ?? Tags)
      throw notImplemented("sts:AssumeRole with a session policy or session tags");
    const { world } = this;
    const iam = Iam.of(world);
    const { caller } = call;
    const who = callerName(caller, world.partition, world.account);
    const principal =
      caller.kind === "role" ? caller.roleArn : caller.kind === "service" ? caller.principal : who;
    if (!iam.trusts(roleArn, principal))
      throw new ServiceError(
        "AccessDenied",
        `User: ${who} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
        403,
      );
    const assumed: Caller = { kind: "role", roleArn, session };
    const { accessKeyId, secretAccessKey, sessionToken } = iam.credentials(assumed);
    return {
      Credentials: {
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        SessionToken: sessionToken,
        Expiration: new Date(call.time + DurationSeconds * 1000),
      },
      AssumedRoleUser: {
        AssumedRoleId: Iam.of(this.world).userId(assumed),
        Arn: callerName(assumed, world.partition, world.account),
      },
    };
  }
}
