import * as sdk from "@aws-sdk/client-cloudtrail";
import { lengthBetween, matchesPattern } from "../constraints";
import { ServiceError, notImplemented } from "../errors";
import type { Random } from "../random";
import { onAnything, operation, operationsOn, type Authorization, type Call, type Service } from "../service";
import { S3 } from "../s3";
import type { World } from "../world";
import { LogFiles, logFolder, trailCaller } from "./log-files";
import { lookupEvents, type HistoryEntry } from "./lookup";
import { callRecord, serviceEventRecord, type TrailRecord } from "./record";
import { defaultSelectors, logs, parseSelectors } from "./selectors";

/** Trails of one Region and account (AWS CloudTrail User Guide, "Quotas in AWS CloudTrail"). */
const MAXIMUM_TRAILS = 5;
const TRAIL_NAME = /(?=.{3,128}$)(?!\d+\.\d+\.\d+\.\d+$)[a-zA-Z0-9](?:[._-]?[a-zA-Z0-9])*/;
/** LookupEvents a second, for the whole account. */
const LOOKUPS_A_SECOND = 2;

interface StoredTrail {
  trail: sdk.Trail & { Name: string; TrailARN: string; S3BucketName: string };
  readonly tags: Map<string, string>;
  selectors: readonly sdk.EventSelector[];
  logging: boolean;
  startedMs?: number;
  stoppedMs?: number;
  readonly files: LogFiles;
}

/**
 * AWS CloudTrail. It sees every finished call: the event history keeps management events, and while a trail logs
 * them they reach the bus and the trail's bucket, each after a delay of its own.
 */
export class CloudTrail implements Service {
  readonly prefix = "cloudtrail";
  readonly sdk = sdk;
  /** From a call to its event on the bus, in milliseconds. */
  eventDelayMs = 2_000;
  /** From a call to its place in the event history, in milliseconds, on average; drawn up to twice as long. */
  lookupDelayMs = 300_000;
  /** How often an event of a call that changed something comes without its answer, from 0 to 1; AWS leaves it open. */
  answerLeftOutProbability = 0;
  /** Between two log files of a trail, in milliseconds. */
  logFileIntervalMs = 300_000;
  readonly #trails = new Map<string, StoredTrail>();
  readonly #history: HistoryEntry[] = [];
  readonly #random: Random;
  #lookups: number[] = [];

  constructor(private readonly world: World) {
    this.#random = world.random.fork("cloudtrail");
    world.observe((finished) => {
      if (finished.operation.access === "data" || finished.error?.code === "NotImplemented") return;
      const record = callRecord(world, finished, this.#random.uuid());
      const leftOut = this.#random.chance(this.answerLeftOutProbability);
      this.#accept(leftOut ? { ...record, responseElements: null } : record, finished.call.time);
    });
    world.onServiceEvent((event) =>
      this.#accept(serviceEventRecord(world, event, this.#random.uuid()), world.clock.now()),
    );
  }

  /** The trails of a world. */
  static of(world: World): CloudTrail {
    return world.serviceAs("cloudtrail", CloudTrail);
  }

  /** Every management event so far, visible to LookupEvents or not: for judging a run. */
  get records(): readonly TrailRecord[] {
    return this.#history.map(({ record }) => record);
  }

  #accept(record: TrailRecord, timeMs: number): void {
    const visibleMs = timeMs + this.#random.integer(0, 2 * this.lookupDelayMs);
    this.#history.push({ record, timeMs, visibleMs });
    const logging = [...this.#trails.values()].filter((t) => t.logging && logs(t.selectors, record));
    if (logging.length === 0) return;
    for (const { files } of logging) files.add(record);
    this.world.clock.schedule(this.eventDelayMs, `CloudTrail event ${record.eventName}`, () =>
      this.world.emit({
        source: `aws.${record.eventSource.split(".")[0]}`,
        "detail-type":
          record.eventType === "AwsApiCall"
            ? "AWS API Call via CloudTrail"
            : "AWS Service Event via CloudTrail",
        resources: [],
        detail: { ...record },
        time: timeMs,
      }),
    );
  }

  #arn(name: string): string {
    return this.world.arn("cloudtrail", `trail/${name}`);
  }

  #on(name: string | undefined): Authorization {
    return { resource: name?.startsWith("arn:") ? name : this.#arn(name ?? "") };
  }

  #trail(name: string | undefined): StoredTrail {
    const text = name ?? "";
    if (text.startsWith("arn:") && !/^arn:[^:]+:cloudtrail:[^:]+:\d{12}:trail\/./.test(text))
      throw new ServiceError("CloudTrailARNInvalidException", `The ARN is not valid: ${text}`);
    const found = [...this.#trails.values()].find((t) => t.trail.TrailARN === text || t.trail.Name === text);
    if (!found)
      throw new ServiceError(
        "TrailNotFoundException",
        `Unknown trail: ${text.startsWith("arn:") ? text : this.#arn(text)} for the user: ${this.world.account}`,
      );
    return found;
  }

  /** What AWS asks of the bucket before it makes a trail: that its policy lets CloudTrail look and write. */
  async #checkBucket(call: Call, trailArn: string, bucket: string, prefix?: string): Promise<void> {
    matchesPattern(bucket, /[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/, "S3BucketName", {
      code: "InvalidS3BucketNameException",
    });
    lengthBetween(prefix, 0, 200, "S3KeyPrefix", { code: "InvalidS3PrefixException" });
    if (!S3.of(this.world).has(bucket))
      throw new ServiceError("S3BucketDoesNotExistException", `S3 bucket ${bucket} does not exist!`);
    const caller = trailCaller(trailArn);
    try {
      await this.world.call("s3", "GetBucketAcl", { Bucket: bucket }, caller);
      const put = { ...call, service: "s3", operation: "PutObject", caller, door: "internal" } as const;
      this.world.gate.authorize(put, [
        {
          action: "s3:PutObject",
          resource: `arn:${this.world.partition}:s3:::${bucket}/${logFolder(this.world, prefix)}/`,
          context: { "s3:x-amz-acl": "bucket-owner-full-control" },
        },
      ]);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      throw new ServiceError(
        "InsufficientS3BucketPolicyException",
        `Incorrect S3 bucket policy is detected for bucket: ${bucket} (${error.message})`,
      );
    }
  }

  #checkOptions(input: sdk.CreateTrailRequest | sdk.UpdateTrailRequest): void {
    for (const member of ["SnsTopicName", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"] as const)
      if (input[member]) throw notImplemented(`a trail with ${member}`);
    if (input.IsOrganizationTrail) throw notImplemented("a trail of an organization");
    if (input.IsMultiRegionTrail && input.IncludeGlobalServiceEvents === false)
      throw new ServiceError(
        "InvalidParameterCombinationException",
        "Multi-Region trail must include global service events.",
      );
  }

  readonly #onTrail = operationsOn<{ Name?: string }>((input) => this.#on(input.Name));

  readonly operations = {
    CreateTrail: this.#onTrail<sdk.CreateTrailRequest, sdk.CreateTrailResponse>(
      "write",
      async (input, call) => {
        const name = input.Name ?? "";
        matchesPattern(name, TRAIL_NAME, "Name", { code: "InvalidTrailNameException" });
        this.#checkOptions(input);
        if (this.#trails.has(name))
          throw new ServiceError(
            "TrailAlreadyExistsException",
            `Trail ${name} already exists for customer: ${this.world.account}`,
          );
        if (this.#trails.size >= MAXIMUM_TRAILS)
          throw new ServiceError(
            "MaximumNumberOfTrailsExceededException",
            `User: ${this.world.account} already has ${MAXIMUM_TRAILS} trails in ${this.world.region}.`,
          );
        const trailArn = this.#arn(name);
        const bucket = input.S3BucketName ?? "";
        await this.#checkBucket(call, trailArn, bucket, input.S3KeyPrefix);
        const stored: StoredTrail = {
          trail: {
            Name: name,
            S3BucketName: bucket,
            S3KeyPrefix: input.S3KeyPrefix,
            IncludeGlobalServiceEvents: input.IncludeGlobalServiceEvents ?? true,
            IsMultiRegionTrail: input.IsMultiRegionTrail ?? false,
            HomeRegion: this.world.region,
            TrailARN: trailArn,
            LogFileValidationEnabled: input.EnableLogFileValidation ?? false,
            KmsKeyId: input.KmsKeyId,
            HasCustomEventSelectors: false,
            HasInsightSelectors: false,
            IsOrganizationTrail: false,
          },
          tags: tagMap(input.TagsList),
          selectors: defaultSelectors,
          logging: false,
          files: new LogFiles(
            this.world,
            () => ({ trailArn, bucket: stored.trail.S3BucketName, prefix: stored.trail.S3KeyPrefix }),
            () => this.logFileIntervalMs,
          ),
        };
        this.#trails.set(name, stored);
        return answered(stored.trail);
      },
    ),

    UpdateTrail: this.#onTrail<sdk.UpdateTrailRequest, sdk.UpdateTrailResponse>(
      "write",
      async (input, call) => {
        const stored = this.#trail(input.Name);
        this.#checkOptions(input);
        const bucket = input.S3BucketName ?? stored.trail.S3BucketName;
        const prefix = input.S3KeyPrefix ?? stored.trail.S3KeyPrefix;
        await this.#checkBucket(call, stored.trail.TrailARN, bucket, prefix);
        stored.trail = {
          ...stored.trail,
          S3BucketName: bucket,
          S3KeyPrefix: prefix,
          IncludeGlobalServiceEvents:
            input.IncludeGlobalServiceEvents ?? stored.trail.IncludeGlobalServiceEvents,
          IsMultiRegionTrail: input.IsMultiRegionTrail ?? stored.trail.IsMultiRegionTrail,
          LogFileValidationEnabled: input.EnableLogFileValidation ?? stored.trail.LogFileValidationEnabled,
          KmsKeyId: input.KmsKeyId ?? stored.trail.KmsKeyId,
        };
        return answered(stored.trail);
      },
    ),

    DeleteTrail: this.#onTrail<sdk.DeleteTrailRequest, sdk.DeleteTrailResponse>("write", (input) => {
      this.#trails.delete(this.#trail(input.Name).trail.Name);
      return {};
    }),

    StartLogging: this.#onTrail<sdk.StartLoggingRequest, sdk.StartLoggingResponse>("write", (input) => {
      const stored = this.#trail(input.Name);
      stored.logging = true;
      stored.startedMs = this.world.clock.now();
      return {};
    }),

    StopLogging: this.#onTrail<sdk.StopLoggingRequest, sdk.StopLoggingResponse>("write", (input) => {
      const stored = this.#trail(input.Name);
      stored.logging = false;
      stored.stoppedMs = this.world.clock.now();
      return {};
    }),

    GetTrailStatus: this.#onTrail<sdk.GetTrailStatusRequest, sdk.GetTrailStatusResponse>("read", (input) => {
      const { logging, startedMs, stoppedMs, files } = this.#trail(input.Name);
      const date = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms));
      const text = (ms: number | undefined) => (ms === undefined ? "" : new Date(ms).toISOString());
      return {
        IsLogging: logging,
        StartLoggingTime: date(startedMs),
        StopLoggingTime: date(stoppedMs),
        LatestDeliveryTime: date(files.latestDeliveryMs),
        LatestDeliveryError: files.latestError,
        LatestDeliveryAttemptTime: text(files.latestDeliveryMs),
        LatestDeliveryAttemptSucceeded: text(files.latestDeliveryMs),
        LatestNotificationAttemptTime: "",
        LatestNotificationAttemptSucceeded: "",
        TimeLoggingStarted: text(startedMs),
        TimeLoggingStopped: text(stoppedMs),
      };
    }),

    DescribeTrails: onAnything<sdk.DescribeTrailsRequest, sdk.DescribeTrailsResponse>("read", (input) => {
      const wanted = input.trailNameList ?? [];
      // A name that there is not is left out, without an error.
      const found = [...this.#trails.values()].filter(
        ({ trail }) => wanted.length === 0 || wanted.includes(trail.Name) || wanted.includes(trail.TrailARN),
      );
      return { trailList: found.map(({ trail }) => ({ ...trail })) };
    }),

    PutEventSelectors: operation<sdk.PutEventSelectorsRequest, sdk.PutEventSelectorsResponse>({
      access: "write",
      authorize: (input) => this.#on(input.TrailName),
      handle: (input) => {
        const stored = this.#trail(input.TrailName);
        stored.selectors = parseSelectors(input);
        stored.trail.HasCustomEventSelectors = true;
        return { TrailARN: stored.trail.TrailARN, EventSelectors: [...stored.selectors] };
      },
    }),

    GetEventSelectors: operation<sdk.GetEventSelectorsRequest, sdk.GetEventSelectorsResponse>({
      access: "read",
      authorize: (input) => this.#on(input.TrailName),
      handle: (input) => {
        const { trail, selectors } = this.#trail(input.TrailName);
        return { TrailARN: trail.TrailARN, EventSelectors: [...selectors] };
      },
    }),

    ListTags: operation<sdk.ListTagsRequest, sdk.ListTagsResponse>({
      access: "read",
      authorize: (input) => (input.ResourceIdList ?? []).map((id) => this.#on(id)),
      handle: (input) => ({
        ResourceTagList: (input.ResourceIdList ?? []).map((id) => ({
          ResourceId: id,
          TagsList: [...this.#trail(id).tags].map(([Key, Value]) => ({ Key, Value })),
        })),
      }),
    }),

    LookupEvents: onAnything<sdk.LookupEventsRequest, sdk.LookupEventsResponse>("read", (input) => {
      const now = this.world.clock.now();
      this.#lookups = this.#lookups.filter((time) => time > now - 1000);
      if (this.#lookups.length >= LOOKUPS_A_SECOND)
        throw new ServiceError("ThrottlingException", "Rate exceeded");
      this.#lookups.push(now);
      return lookupEvents(this.#history, input, now);
    }),
  };
}

/** A trail as CreateTrail and UpdateTrail answer it. */
function answered(trail: sdk.Trail): sdk.CreateTrailResponse {
  const {
    HomeRegion: _home,
    HasCustomEventSelectors: _custom,
    HasInsightSelectors: _insight,
    ...rest
  } = trail;
  return rest;
}

function tagMap(tags: readonly sdk.Tag[] | undefined): Map<string, string> {
  if ((tags?.length ?? 0) > 50)
    throw new ServiceError("TagsLimitExceededException", "A trail has at most 50 tags.");
  return new Map(
    (tags ?? []).map(({ Key = "", Value = "" }) => {
      if (Key.length < 1 || Key.length > 128 || Value.length > 256)
        throw new ServiceError("InvalidTagParameterException", `The tag ${Key} is not valid.`);
      return [Key, Value];
    }),
  );
}
