import type * as sdk from "@aws-sdk/client-rds";
import { setMasterPassword } from "./master-password";
import type { DatabaseSpec } from "../runtime";
import { ServiceError } from "../errors";
import type { Random } from "../random";
import { SecretsManager } from "../secrets-manager";
import { operation, type Operation } from "../service";
import type { World } from "../world";
import { filtered, instanceView, type InstanceRecord } from "./instance";
import { instanceNotFound, invalidCombination } from "./errors";
import { checkIdentifier, checkInstance, checkPassword, checkWhole, engineOf, page } from "./rules";
import { serviceLinkedRole, type SubnetGroups } from "./subnet-groups";

/** DB instances: servers of the world's database runtime behind the records of RDS. */
export class Instances {
  readonly records = new Map<string, InstanceRecord>();
  readonly #random: Random;

  constructor(
    private readonly world: World,
    private readonly subnetGroups: SubnetGroups,
  ) {
    this.#random = world.random.fork("rds");
  }

  operations(): Record<string, Operation> {
    const on = (input: { DBInstanceIdentifier?: string }) => ({
      resource: this.world.arn("rds", `db:${(input.DBInstanceIdentifier ?? "*").toLowerCase()}`),
    });
    return {
      CreateDBInstance: operation<sdk.CreateDBInstanceMessage, sdk.CreateDBInstanceResult>({
        access: "write",
        authorize: on,
        handle: (input) => ({ DBInstance: this.#view(this.#create(input)) }),
      }),
      DescribeDBInstances: operation<sdk.DescribeDBInstancesMessage, sdk.DBInstanceMessage>({
        access: "read",
        authorize: on,
        handle: (input) => {
          const wanted =
            input.DBInstanceIdentifier === undefined
              ? [...this.records.values()]
              : [this.#find(input.DBInstanceIdentifier)];
          const { items, Marker } = page(filtered(wanted, input.Filters), input);
          return { DBInstances: items.map((i) => this.#view(i)), Marker };
        },
      }),
      ModifyDBInstance: operation<sdk.ModifyDBInstanceMessage, sdk.ModifyDBInstanceResult>({
        access: "write",
        authorize: on,
        handle: async (input) => ({ DBInstance: this.#view(await this.#modify(input)) }),
      }),
      DeleteDBInstance: operation<sdk.DeleteDBInstanceMessage, sdk.DeleteDBInstanceResult>({
        access: "write",
        authorize: on,
        handle: (input) => {
          const instance = this.#find(input.DBInstanceIdentifier ?? "");
          if (instance.given.DeletionProtection)
            throw invalidCombination(
              "Cannot delete protected DB Instance, please disable deletion protection and try again.",
            );
          if (!input.SkipFinalSnapshot && input.FinalDBSnapshotIdentifier === undefined)
            throw invalidCombination(
              "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
            );
          if (instance.status === "creating" || instance.status === "deleting") throw wrongState(instance);
          instance.status = "deleting";
          this.world.clock.schedule(0, `end of database ${instance.identifier}`, () =>
            this.#remove(instance),
          );
          return { DBInstance: this.#view(instance) };
        },
      }),
    };
  }

  async serverLog(identifier: string): Promise<string> {
    return (await this.records.get(identifier)?.handle?.serverLog()) ?? "";
  }

  async stopAll(): Promise<void> {
    const handles = [...this.records.values()].flatMap((i) => i.handle ?? []);
    await Promise.all(handles.map((handle) => handle.stop()));
  }

  #create(input: sdk.CreateDBInstanceMessage): InstanceRecord {
    const identifier = checkIdentifier(input.DBInstanceIdentifier, "DBInstanceIdentifier");
    const engine = engineOf(input.Engine);
    checkInstance(input, engine);
    if (this.records.has(identifier))
      throw new ServiceError("DBInstanceAlreadyExists", "DB instance already exists");
    const masterPassword = input.MasterUserPassword ?? this.#newPassword(engine.name);
    const databaseName = input.DBName ?? engine.defaultDatabase;
    const { MasterUserPassword: _password, TdeCredentialPassword: _tde, ...given } = input;
    const instance: InstanceRecord = {
      identifier,
      arn: this.world.arn("rds", `db:${identifier}`),
      resourceId: `db-${this.#random.text(26, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")}`,
      createdAt: new Date(this.world.clock.now()),
      given: { ...given, EngineVersion: given.EngineVersion ?? engine.defaultVersion },
      spec: {
        identifier,
        engine: engine.name,
        masterUsername: input.MasterUsername!,
        masterPassword,
        databaseName,
      },
      status: "creating",
      subnetGroup:
        input.DBSubnetGroupName === undefined ? undefined : this.subnetGroups.find(input.DBSubnetGroupName),
      securityGroupIds: input.VpcSecurityGroupIds ?? [],
      tags: input.Tags ?? [],
    };
    this.records.set(identifier, instance);
    if (input.ManageMasterUserPassword) this.#createSecret(instance);
    this.world.clock.schedule(0, `start of database ${identifier}`, () => this.#start(instance));
    return instance;
  }

  async #start(instance: InstanceRecord): Promise<void> {
    try {
      instance.handle = await this.world.runtime.databases.start(instance.spec);
      instance.status = "available";
    } catch (error) {
      instance.status = "failed";
      instance.failure = error instanceof Error ? error.message : String(error);
    }
  }

  async #modify(input: sdk.ModifyDBInstanceMessage): Promise<InstanceRecord> {
    const instance = this.#find(input.DBInstanceIdentifier ?? "");
    if (instance.status !== "available") throw wrongState(instance);
    checkWhole(input.AllocatedStorage, 5, 65_536, "AllocatedStorage");
    checkWhole(input.BackupRetentionPeriod, 0, 35, "BackupRetentionPeriod");
    if (input.MasterUserPassword !== undefined) {
      if (instance.secretArn !== undefined && input.ManageMasterUserPassword !== false)
        throw invalidCombination(
          "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.",
        );
      checkPassword(input.MasterUserPassword, engineOf(instance.spec.engine));
    }
    if (input.RotateMasterUserPassword) await this.#rotateByModify(instance, input);
    const { DBInstanceIdentifier, MasterUserPassword, ApplyImmediately: _now, ...changes } = input;
    for (const [member, value] of Object.entries(changes))
      if (value !== undefined) Object.assign(instance.given, { [member]: value });
    if (input.VpcSecurityGroupIds) instance.securityGroupIds = input.VpcSecurityGroupIds;
    if (input.ManageMasterUserPassword === true && instance.secretArn === undefined) {
      await this.#setPassword(instance, this.#newPassword(instance.spec.engine));
      this.#createSecret(instance);
    }
    if (input.ManageMasterUserPassword === false && instance.secretArn !== undefined) {
      if (MasterUserPassword === undefined)
        throw invalidCombination(
          "MasterUserPassword is required when ManageMasterUserPassword is turned off.",
        );
      this.#deleteSecret(instance);
    }
    if (MasterUserPassword !== undefined) await this.#setPassword(instance, MasterUserPassword);
    return instance;
  }

  async #rotateByModify(instance: InstanceRecord, input: sdk.ModifyDBInstanceMessage): Promise<void> {
    if (instance.secretArn === undefined)
      throw invalidCombination(
        "You can't rotate the master user password: RDS doesn't manage it for this instance.",
      );
    if (!input.ApplyImmediately)
      throw invalidCombination("You must specify ApplyImmediately to rotate the master user password.");
    const request = { SecretId: instance.secretArn, ClientRequestToken: this.#random.uuid() };
    await this.world.call("secretsmanager", "RotateSecret", request, serviceLinkedRole(this.world));
  }

  async #remove(instance: InstanceRecord): Promise<void> {
    await instance.handle?.stop();
    instance.handle = undefined;
    this.#deleteSecret(instance);
    this.records.delete(instance.identifier);
  }

  async #setPassword(instance: InstanceRecord, password: string): Promise<void> {
    if (!instance.handle) throw wrongState(instance);
    try {
      await setMasterPassword(instance.spec, instance.handle, password);
    } catch (cause) {
      const message = `The server of ${instance.identifier} did not take a new master password: ${(cause as Error).message}`;
      throw Object.assign(new ServiceError("InvalidDBInstanceState", message), { cause });
    }
    instance.spec = { ...instance.spec, masterPassword: password };
  }

  /** `rds!db-UUID`, owned by RDS (Amazon RDS User Guide, "Password management with Amazon RDS and AWS Secrets Manager"). */
  #createSecret(instance: InstanceRecord): void {
    const secrets = SecretsManager.of(this.world);
    secrets.manageRotation("rds", (secretArn) => this.#rotate(secretArn));
    instance.secretArn = secrets.createManaged({
      owningService: "rds",
      name: `rds!db-${this.#random.uuid()}`,
      value: secretValue(instance),
      description: `Secret associated with primary RDS DB instance: ${instance.arn}`,
      kmsKeyId: instance.given.MasterUserSecretKmsKeyId,
    });
  }

  #deleteSecret(instance: InstanceRecord): void {
    if (instance.secretArn === undefined) return;
    SecretsManager.of(this.world).deleteManaged(instance.secretArn);
    instance.secretArn = undefined;
  }

  /** A rotation of a managed secret: the server takes a new password, and the secret's new value is given. */
  async #rotate(secretArn: string): Promise<string> {
    const instance = [...this.records.values()].find((i) => i.secretArn === secretArn);
    if (!instance) throw instanceNotFound(secretArn);
    if (instance.status !== "available") throw wrongState(instance);
    await this.#setPassword(instance, this.#newPassword(instance.spec.engine));
    return secretValue(instance);
  }

  #newPassword(engine: DatabaseSpec["engine"]): string {
    const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#$%&()*+,-.:;<=>?[]^_{|}~";
    return this.#random.text(engine === "postgres" ? 32 : 28, alphabet);
  }

  #find(identifier: string): InstanceRecord {
    const name = identifier.startsWith("arn:")
      ? identifier.slice(identifier.lastIndexOf(":") + 1)
      : identifier;
    const found = this.records.get(name.toLowerCase());
    if (!found) throw instanceNotFound(identifier);
    return found;
  }

  #view(instance: InstanceRecord): sdk.DBInstance {
    const { subnetGroup } = instance;
    return instanceView(instance, subnetGroup && this.subnetGroups.view(subnetGroup));
  }
}

/** The JSON of a managed master user secret holds the user and the password, nothing else. */
function secretValue({ spec }: InstanceRecord): string {
  return JSON.stringify({ username: spec.masterUsername, password: spec.masterPassword });
}

function wrongState(instance: InstanceRecord): ServiceError {
  return new ServiceError(
    "InvalidDBInstanceState",
    `Instance ${instance.identifier} is not in available state: it is ${instance.status}.`,
  );
}
