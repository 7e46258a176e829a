import * as sdk from "@aws-sdk/client-cloudwatch-logs";
import { between, lengthBetween, matchesPattern, oneOf, page, refused } from "../constraints";
import { recordMetrics } from "../cloudwatch/record";
import { ServiceError } from "../errors";
import { onAnything, operation, operationsOn, type Authorization, type Service } from "../service";
import type { World } from "../world";
import { embeddedMetrics } from "./embedded-metrics";
import { filterPattern } from "./filter-pattern";

const invalid = { code: "InvalidParameterException" } as const;
const groupName = /[.\-_/#A-Za-z0-9]{1,512}/;
/** Retention in days that CloudWatch Logs takes (Amazon CloudWatch Logs API Reference, PutRetentionPolicy). */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
const DAY_MS = 86_400_000;
/** What one event counts beside its text, in bytes. */
const EVENT_OVERHEAD_BYTES = 26;

interface Event {
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly message: string;
  readonly eventId: string;
}

interface Stream {
  readonly name: string;
  readonly createdMs: number;
  readonly events: Event[];
}

interface Group {
  readonly name: string;
  readonly createdMs: number;
  readonly kmsKeyId?: string;
  readonly logGroupClass: sdk.LogGroupClass;
  retentionDays?: number;
  readonly tags: Record<string, string>;
  readonly streams: Map<string, Stream>;
}

/** Amazon CloudWatch Logs: groups, streams and events; embedded metrics go to CloudWatch. */
export class Logs implements Service {
  readonly prefix = "logs";
  readonly sdk = sdk;
  readonly #groups = new Map<string, Group>();
  readonly #queries = new Set<string>();
  #sequence = 0;

  constructor(private readonly world: World) {}

  /** The logs of a world. */
  static of(world: World): Logs {
    return world.serviceAs("logs", Logs);
  }

  /** Every line of a group, oldest first: for judging a run. */
  lines(group: string): string[] {
    return this.#events(this.#groups.get(group)?.streams.values() ?? []).map(({ event }) => event.message);
  }

  /** The names of all groups. */
  groups(): string[] {
    return [...this.#groups.keys()];
  }

  #arn(group: string): string {
    return this.world.arn("logs", `log-group:${group}`);
  }

  /** The resource as refusals of IAM show it: `log-group:NAME:log-stream:STREAM`, empty for the group itself. */
  #on(group: string | undefined, stream = ""): Authorization {
    return { resource: `${this.#arn(group ?? "")}:log-stream:${stream}` };
  }

  #nameOf(name: string | undefined, identifier: string | undefined): string {
    if (name !== undefined && identifier !== undefined)
      throw refused(invalid, "LogGroup name and LogGroup identifier are mutually exclusive parameters.");
    const text = name ?? identifier ?? "";
    return /^arn:[^:]+:logs:[^:]*:[^:]*:log-group:([^:]+)/.exec(text)?.[1] ?? text;
  }

  #group(name: string): Group {
    const group = this.#groups.get(name);
    if (!group)
      throw new ServiceError("ResourceNotFoundException", "The specified log group does not exist.");
    return group;
  }

  #stream(group: Group, name: string | undefined): Stream {
    const stream = group.streams.get(name ?? "");
    if (!stream)
      throw new ServiceError("ResourceNotFoundException", "The specified log stream does not exist.");
    return stream;
  }

  #tagged(arn: string | undefined): Group {
    return this.#group(/:log-group:([^:]+)/.exec(arn ?? "")?.[1] ?? "");
  }

  /** Events of streams, by time; events of one time in the order in which they came. */
  #events(streams: Iterable<Stream>): { stream: Stream; event: Event }[] {
    return [...streams]
      .flatMap((stream) => stream.events.map((event) => ({ stream, event })))
      .sort((a, b) => a.event.timestamp - b.event.timestamp || (a.event.eventId < b.event.eventId ? -1 : 1));
  }

  #expire(group: Group): void {
    if (group.retentionDays === undefined) return;
    const oldest = this.world.clock.now() - group.retentionDays * DAY_MS;
    for (const { events } of group.streams.values()) {
      const first = events.findIndex((event) => event.timestamp >= oldest);
      events.splice(0, first < 0 ? events.length : first);
    }
  }

  #put(group: Group, stream: Stream, events: readonly sdk.InputLogEvent[]): sdk.PutLogEventsResponse {
    const now = this.world.clock.now();
    lengthBetween(events, 1, 10_000, "logEvents", invalid);
    let bytes = 0;
    let last = -Infinity;
    for (const { timestamp, message } of events) {
      between(timestamp, 0, Number.MAX_SAFE_INTEGER, "logEvents.timestamp", invalid);
      lengthBetween(message, 1, 1_048_576, "logEvents.message", invalid);
      bytes += Buffer.byteLength(message ?? "") + EVENT_OVERHEAD_BYTES;
      if ((timestamp ?? 0) < last)
        throw refused(invalid, "Log events in a single PutLogEvents request must be in chronological order.");
      last = timestamp ?? 0;
    }
    if (bytes > 1_048_576)
      throw refused(invalid, `Upload too large: ${bytes} bytes exceeds limit of 1048576`);
    const oldest = now - Math.min(14, group.retentionDays ?? 14) * DAY_MS;
    const accepted: Event[] = [];
    let tooOld = 0;
    let tooNew: number | undefined;
    events.forEach(({ timestamp = 0, message = "" }, index) => {
      if (timestamp < oldest) tooOld = index + 1;
      else if (timestamp > now + 7_200_000) tooNew ??= index;
      else
        accepted.push({
          timestamp,
          message,
          ingestionTime: now,
          eventId: String(this.#sequence++).padStart(56, "0"),
        });
    });
    stream.events.push(...accepted);
    for (const { message } of accepted)
      for (const metric of embeddedMetrics(message))
        for (const value of metric.values)
          recordMetrics(
            this.world,
            metric.namespace,
            metric.dimensions,
            { [metric.name]: value },
            { timeMs: metric.timestampMs, unit: metric.unit },
          );
    const rejected = {
      ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
      ...(tooNew !== undefined && { tooNewLogEventStartIndex: tooNew }),
    };
    return {
      nextSequenceToken: this.world.random.fork(`logs/${this.#sequence}`).text(56, "0123456789"),
      ...(Object.keys(rejected).length > 0 && { rejectedLogEventsInfo: rejected }),
    };
  }

  readonly #onGroup = operationsOn<{ logGroupName?: string }>((input) => this.#on(input.logGroupName));
  readonly #onStream = operationsOn<{ logGroupName?: string; logStreamName?: string }>((input) =>
    this.#on(input.logGroupName, input.logStreamName),
  );
  readonly #onTagged = operationsOn<{ resourceArn?: string }>((input) => ({
    resource: input.resourceArn ?? "",
  }));
  readonly operations = {
    CreateLogGroup: this.#onGroup<sdk.CreateLogGroupRequest, object>("write", (input) => {
      const name = input.logGroupName ?? "";
      matchesPattern(name, groupName, "logGroupName", invalid);
      oneOf(input.logGroupClass, sdk.LogGroupClass, "logGroupClass", invalid);
      if (this.#groups.has(name))
        throw new ServiceError("ResourceAlreadyExistsException", "The specified log group already exists");
      this.#groups.set(name, {
        name,
        createdMs: this.world.clock.now(),
        kmsKeyId: input.kmsKeyId,
        logGroupClass: input.logGroupClass ?? "STANDARD",
        tags: { ...input.tags },
        streams: new Map(),
      });
      return {};
    }),

    DeleteLogGroup: this.#onGroup<sdk.DeleteLogGroupRequest, object>("write", (input) => {
      this.#groups.delete(this.#group(input.logGroupName ?? "").name);
      return {};
    }),

    DescribeLogGroups: operation<sdk.DescribeLogGroupsRequest, sdk.DescribeLogGroupsResponse>({
      access: "read",
      authorize: () => this.#on(""),
      handle: (input) => {
        between(input.limit, 1, 50, "limit", invalid);
        if (input.logGroupNamePrefix !== undefined && input.logGroupNamePattern !== undefined)
          throw refused(
            invalid,
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
          );
        const all = [...this.#groups.values()]
          .filter(
            (group) =>
              group.name.startsWith(input.logGroupNamePrefix ?? "") &&
              group.name.toLowerCase().includes((input.logGroupNamePattern ?? "").toLowerCase()),
          )
          .sort((a, b) => (a.name < b.name ? -1 : 1));
        const { items, nextToken } = page(all, input.nextToken, input.limit, 50, invalid);
        return {
          logGroups: items.map((group) => ({
            logGroupName: group.name,
            creationTime: group.createdMs,
            retentionInDays: group.retentionDays,
            metricFilterCount: 0,
            arn: `${this.#arn(group.name)}:*`,
            logGroupArn: this.#arn(group.name),
            storedBytes: 0,
            kmsKeyId: group.kmsKeyId,
            logGroupClass: group.logGroupClass,
          })),
          nextToken,
        };
      },
    }),

    CreateLogStream: this.#onStream<sdk.CreateLogStreamRequest, object>("write", (input) => {
      const group = this.#group(input.logGroupName ?? "");
      const name = input.logStreamName ?? "";
      matchesPattern(name, /[^:*]{1,512}/, "logStreamName", invalid);
      if (group.streams.has(name))
        throw new ServiceError("ResourceAlreadyExistsException", "The specified log stream already exists");
      group.streams.set(name, { name, createdMs: this.world.clock.now(), events: [] });
      return {};
    }),

    DeleteLogStream: this.#onStream<sdk.DeleteLogStreamRequest, object>("write", (input) => {
      const group = this.#group(input.logGroupName ?? "");
      group.streams.delete(this.#stream(group, input.logStreamName).name);
      return {};
    }),

    DescribeLogStreams: operation<sdk.DescribeLogStreamsRequest, sdk.DescribeLogStreamsResponse>({
      access: "read",
      authorize: (input) => this.#on(this.#nameForAuthorization(input)),
      handle: (input) => {
        const group = this.#group(this.#nameOf(input.logGroupName, input.logGroupIdentifier));
        between(input.limit, 1, 50, "limit", invalid);
        oneOf(input.orderBy, sdk.OrderBy, "orderBy", invalid);
        if (input.orderBy === "LastEventTime" && input.logStreamNamePrefix !== undefined)
          throw refused(invalid, "Cannot order by LastEventTime with a logStreamNamePrefix.");
        const key = (stream: Stream) =>
          input.orderBy === "LastEventTime" ? (stream.events.at(-1)?.timestamp ?? 0) : stream.name;
        const all = [...group.streams.values()]
          .filter((stream) => stream.name.startsWith(input.logStreamNamePrefix ?? ""))
          .sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
        if (input.descending) all.reverse();
        const { items, nextToken } = page(all, input.nextToken, input.limit, 50, invalid);
        return {
          logStreams: items.map((stream) => ({
            logStreamName: stream.name,
            creationTime: stream.createdMs,
            firstEventTimestamp: stream.events[0]?.timestamp,
            lastEventTimestamp: stream.events.at(-1)?.timestamp,
            lastIngestionTime: stream.events.at(-1)?.ingestionTime,
            uploadSequenceToken: "0",
            arn: `${this.#arn(group.name)}:log-stream:${stream.name}`,
            storedBytes: 0,
          })),
          nextToken,
        };
      },
    }),

    PutLogEvents: this.#onStream<sdk.PutLogEventsRequest, sdk.PutLogEventsResponse>("data", (input) => {
      const group = this.#group(input.logGroupName ?? "");
      return this.#put(group, this.#stream(group, input.logStreamName), input.logEvents ?? []);
    }),

    GetLogEvents: operation<sdk.GetLogEventsRequest, sdk.GetLogEventsResponse>({
      access: "data",
      authorize: (input) => this.#on(this.#nameForAuthorization(input), input.logStreamName),
      handle: (input) => {
        const group = this.#group(this.#nameOf(input.logGroupName, input.logGroupIdentifier));
        between(input.limit, 1, 10_000, "limit", invalid);
        this.#expire(group);
        const all = this.#events([this.#stream(group, input.logStreamName)])
          .map(({ event }) => event)
          .filter(within(input));
        const limit = input.limit ?? 10_000;
        const [, direction, position] = /^([fb])\/(\d+)$/.exec(input.nextToken ?? "") ?? [];
        if (input.nextToken !== undefined && position === undefined)
          throw refused(invalid, "The specified nextToken is invalid.");
        const from =
          position === undefined
            ? input.startFromHead
              ? 0
              : Math.max(0, all.length - limit)
            : direction === "f"
              ? Number(position)
              : Math.max(0, Number(position) - limit);
        const to = Math.min(all.length, direction === "b" ? Number(position) : from + limit);
        return {
          events: all.slice(from, to).map(({ eventId: _, ...event }) => event),
          nextForwardToken: `f/${Math.max(from, to)}`,
          nextBackwardToken: `b/${from}`,
        };
      },
    }),

    FilterLogEvents: operation<sdk.FilterLogEventsRequest, sdk.FilterLogEventsResponse>({
      access: "data",
      authorize: (input) => this.#on(this.#nameForAuthorization(input)),
      handle: (input) => {
        const group = this.#group(this.#nameOf(input.logGroupName, input.logGroupIdentifier));
        between(input.limit, 1, 10_000, "limit", invalid);
        const fits = filterPattern(input.filterPattern ?? "");
        this.#expire(group);
        const streams = (
          input.logStreamNames?.map((name) => this.#stream(group, name)) ?? [...group.streams.values()]
        ).filter((stream) => stream.name.startsWith(input.logStreamNamePrefix ?? ""));
        const all = this.#events(streams).filter(({ event }) => within(input)(event) && fits(event.message));
        const { items, nextToken } = page(all, input.nextToken, input.limit, 10_000, invalid);
        return {
          events: items.map(({ stream, event }) => ({ logStreamName: stream.name, ...event })),
          searchedLogStreams: [],
          nextToken,
        };
      },
    }),

    PutRetentionPolicy: this.#onGroup<sdk.PutRetentionPolicyRequest, object>("write", (input) => {
      const days = input.retentionInDays ?? 0;
      if (!RETENTION_DAYS.includes(days))
        throw refused(invalid, `Value '${days}' at 'retentionInDays': expected ${RETENTION_DAYS.join(", ")}`);
      this.#group(input.logGroupName ?? "").retentionDays = days;
      return {};
    }),

    DeleteRetentionPolicy: this.#onGroup<sdk.DeleteRetentionPolicyRequest, object>("write", (input) => {
      this.#group(input.logGroupName ?? "").retentionDays = undefined;
      return {};
    }),

    PutQueryDefinition: onAnything<sdk.PutQueryDefinitionRequest, sdk.PutQueryDefinitionResponse>(
      "write",
      (input) => {
        lengthBetween(input.name, 1, 255, "name", invalid);
        lengthBetween(input.queryString, 1, 10_000, "queryString", invalid);
        const id = input.queryDefinitionId ?? this.world.random.fork(`logs/query/${input.name}`).uuid();
        this.#queries.add(id);
        return { queryDefinitionId: id };
      },
    ),

    DeleteQueryDefinition: onAnything<sdk.DeleteQueryDefinitionRequest, sdk.DeleteQueryDefinitionResponse>(
      "write",
      (input) => ({ success: this.#queries.delete(input.queryDefinitionId ?? "") }),
    ),

    TagResource: this.#onTagged<sdk.TagResourceRequest, object>("write", (input) => {
      const { tags } = this.#tagged(input.resourceArn);
      lengthBetween(Object.keys({ ...tags, ...input.tags }), 0, 50, "tags", {
        code: "TooManyTagsException",
      });
      Object.assign(tags, input.tags);
      return {};
    }),

    UntagResource: this.#onTagged<sdk.UntagResourceRequest, object>("write", (input) => {
      const { tags } = this.#tagged(input.resourceArn);
      for (const key of input.tagKeys ?? []) delete tags[key];
      return {};
    }),

    ListTagsForResource: this.#onTagged<sdk.ListTagsForResourceRequest, sdk.ListTagsForResourceResponse>(
      "read",
      (input) => ({ tags: { ...this.#tagged(input.resourceArn).tags } }),
    ),
  };

  #nameForAuthorization(input: { logGroupName?: string; logGroupIdentifier?: string }): string {
    return input.logGroupName ?? this.#nameOf(undefined, input.logGroupIdentifier);
  }
}

/** Events from `startTime`, included, to `endTime`, not included. */
function within(input: { startTime?: number; endTime?: number }): (event: Event) => boolean {
  return ({ timestamp }) => timestamp >= (input.startTime ?? 0) && timestamp < (input.endTime ?? Infinity);
}
