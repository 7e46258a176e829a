import * as sdk from "@aws-sdk/client-eventbridge";
import { compilePattern } from "../../../aws-semantics/event-pattern";
import { between, jsonObject, lengthBetween, matchesPattern, oneOf, page, refused } from "../constraints";
import { recordMetrics } from "../cloudwatch/record";
import type { Cancel } from "../clock";
import { ServiceError, notImplemented } from "../errors";
import type { Random } from "../random";
import { onAnything, operation, operationsOn, type Authorization, type Service } from "../service";
import type { AwsEvent, World } from "../world";
import { Deliverer } from "./delivery";
import { drawDelays, noFaults, type DeliveryFaults } from "./faults";
import type { BusEvent } from "./input";
import { nextTime } from "./next-time";
import { putEventsEntry } from "./put-events";
import { runSchedule } from "./schedule";
import { checkTarget } from "./target";

const invalid = { code: "ValidationException" } as const;
/** Default quotas (Amazon EventBridge User Guide, "EventBridge quotas"). */
const PATTERN_CHARACTERS = 2048;
const TARGETS_A_RULE = 5;

interface Bus {
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  readonly created?: Date;
  readonly tags: Map<string, string>;
}

interface StoredRule {
  readonly name: string;
  readonly bus: Bus;
  readonly arn: string;
  pattern?: string;
  matches?: (event: unknown) => boolean;
  schedule?: string;
  state: sdk.RuleState;
  description?: string;
  roleArn?: string;
  readonly tags: Map<string, string>;
  readonly targets: Map<string, sdk.Target>;
  cancel: Cancel;
}

/** Amazon EventBridge: the default bus, its rules and their targets. Takes every event that a service emits. */
export class EventBridge implements Service {
  readonly prefix = "events";
  readonly sdk = sdk;
  /** Faults drawn for delivery; may be changed while the world runs. */
  faults: DeliveryFaults = noFaults;
  /** Time from the bus to a target, in milliseconds. AWS has about half a second. */
  latencyMs = 0;
  /** By ARN. */
  readonly #rules = new Map<string, StoredRule>();
  readonly #buses = new Map<string, Bus>();
  readonly #random: Random;
  readonly #deliverer: Deliverer;

  constructor(private readonly world: World) {
    this.#random = world.random.fork("eventbridge");
    this.#deliverer = new Deliverer(world, () => this.faults);
    this.#buses.set("default", { name: "default", arn: this.#busArn("default"), tags: new Map() });
    world.onEvent((event) => this.#accept(this.#complete(event)));
  }

  /** The bus of a world. */
  static of(world: World): EventBridge {
    return world.serviceAs("events", EventBridge);
  }

  async stop(): Promise<void> {
    for (const rule of this.#rules.values()) rule.cancel();
  }

  #complete(event: AwsEvent): BusEvent {
    const time = new Date(event.time ?? this.world.clock.now()).toISOString();
    return {
      version: "0",
      id: this.#random.uuid(),
      "detail-type": event["detail-type"],
      source: event.source,
      account: this.world.account,
      time: `${time.slice(0, 19)}Z`,
      region: this.world.region,
      resources: [...event.resources],
      // A copy: whoever emitted it may go on with its own object.
      detail: JSON.parse(JSON.stringify(event.detail)) as Record<string, unknown>,
    };
  }

  /** The event is on the bus: it reaches its rules after the latency, as often as the faults have it. */
  #accept(event: BusEvent, bus = "default"): void {
    for (const delayMs of drawDelays(this.faults, this.#random))
      this.world.clock.schedule(this.latencyMs + delayMs, `event ${event["detail-type"]}`, () =>
        this.#route(event, bus),
      );
  }

  async #route(event: BusEvent, bus: string): Promise<void> {
    for (const rule of [...this.#rules.values()].filter((one) => one.bus.name === bus))
      if (rule.matches && listens(rule.state, event) && rule.matches(event)) await this.#trigger(rule, event);
  }

  async #trigger(rule: StoredRule, event: BusEvent): Promise<void> {
    recordMetrics(this.world, "AWS/Events", { RuleName: rule.name }, { TriggeredRules: 1, MatchedEvents: 1 });
    for (const target of [...rule.targets.values()]) await this.#deliverer.deliver({ event, rule, target });
  }

  #start(rule: StoredRule): void {
    rule.cancel();
    rule.cancel = () => undefined;
    const { schedule } = rule;
    if (schedule === undefined || rule.state === "DISABLED") return;
    rule.cancel = runSchedule(
      this.world.clock,
      rule.name,
      (afterMs) => nextTime(schedule, afterMs),
      (time) => {
        const event = {
          source: "aws.events",
          "detail-type": "Scheduled Event",
          resources: [rule.arn],
          detail: {},
          time,
        };
        return this.#trigger(rule, this.#complete(event));
      },
    );
  }

  #busArn(name: string): string {
    return this.world.arn("events", `event-bus/${name}`);
  }

  /** A bus by its name or ARN; the default one where none is named. */
  #bus(name = "default"): Bus {
    const bus = this.#buses.get(name.startsWith("arn:") ? name.slice(name.lastIndexOf("/") + 1) : name);
    if (!bus || (name.startsWith("arn:") && bus.arn !== name))
      throw new ServiceError("ResourceNotFoundException", `Event bus ${name} does not exist.`);
    return bus;
  }

  #ruleArn(name = "", bus = "default"): string {
    const onBus = bus.slice(bus.lastIndexOf("/") + 1);
    return this.world.arn("events", onBus === "default" ? `rule/${name}` : `rule/${onBus}/${name}`);
  }

  #on(name: string | undefined, bus: string | undefined): Authorization {
    return { resource: this.#ruleArn(name, bus) };
  }

  #rule(name: string | undefined, busName: string | undefined): StoredRule {
    const bus = this.#bus(busName);
    const rule = this.#rules.get(this.#ruleArn(name, bus.name));
    if (!rule)
      throw new ServiceError(
        "ResourceNotFoundException",
        `Rule ${name} does not exist on EventBus ${bus.name}.`,
      );
    return rule;
  }

  #tagged(arn = ""): { readonly tags: Map<string, string> } {
    const rule = this.#rules.get(arn);
    if (rule) return rule;
    if (arn.includes(":event-bus/")) return this.#bus(arn.slice(arn.lastIndexOf("/") + 1));
    throw new ServiceError("ResourceNotFoundException", `Resource ${arn} does not exist.`);
  }

  readonly #onRule = operationsOn<{ Name?: string; EventBusName?: string }>((input) =>
    this.#on(input.Name, input.EventBusName),
  );

  readonly #onBus = operationsOn<{ Name?: string }>(({ Name = "default" }) => ({
    resource: Name.startsWith("arn:") ? Name : this.#busArn(Name),
  }));
  readonly #onTagged = operationsOn<{ ResourceARN?: string }>((input) => ({
    resource: input.ResourceARN ?? "",
  }));

  readonly operations = {
    PutRule: operation<sdk.PutRuleRequest, sdk.PutRuleResponse>({
      access: "write",
      authorize: (input) => [
        this.#on(input.Name, input.EventBusName),
        ...(input.RoleArn === undefined ? [] : [{ action: "iam:PassRole", resource: input.RoleArn }]),
      ],
      handle: (input) => {
        const bus = this.#bus(input.EventBusName);
        const arn = this.#ruleArn(input.Name, bus.name);
        const name = input.Name ?? "";
        matchesPattern(name, /[.\-_A-Za-z0-9]{1,64}/, "name", invalid);
        lengthBetween(input.Description, 0, 512, "description", invalid);
        lengthBetween(input.RoleArn, 1, 1600, "roleArn", invalid);
        oneOf(input.State, sdk.RuleState, "state", invalid);
        const pattern = input.EventPattern || undefined;
        const schedule = input.ScheduleExpression || undefined;
        if (pattern === undefined && schedule === undefined)
          throw refused(invalid, "Parameter(s) EventPattern or ScheduleExpression must be specified.");
        if (pattern !== undefined && pattern.length > PATTERN_CHARACTERS)
          throw new ServiceError(
            "LimitExceededException",
            `The event pattern has ${pattern.length} characters; the quota is ${PATTERN_CHARACTERS}.`,
          );
        const matches = pattern === undefined ? undefined : compiled(pattern);
        if (schedule !== undefined) nextTime(schedule, this.world.clock.now());
        const existing = this.#rules.get(arn);
        if (existing && (input.Tags?.length ?? 0) > 0)
          throw refused(invalid, "Tags cannot be specified when updating a rule.");
        const rule: StoredRule = {
          name,
          bus,
          arn,
          pattern,
          matches,
          schedule,
          state: input.State ?? "ENABLED",
          description: input.Description,
          roleArn: input.RoleArn,
          tags: existing?.tags ?? tagMap(input.Tags),
          targets: existing?.targets ?? new Map<string, sdk.Target>(),
          cancel: existing?.cancel ?? (() => undefined),
        };
        this.#rules.set(arn, rule);
        this.#start(rule);
        return { RuleArn: rule.arn };
      },
    }),

    DescribeRule: this.#onRule<sdk.DescribeRuleRequest, sdk.DescribeRuleResponse>("read", (input) => ({
      ...shown(this.#rule(input.Name, input.EventBusName)),
      CreatedBy: this.world.account,
    })),

    ListRules: operation<sdk.ListRulesRequest, sdk.ListRulesResponse>({
      access: "read",
      authorize: (input) => this.#on(`${input.NamePrefix ?? ""}*`, input.EventBusName),
      handle: (input) => {
        const bus = this.#bus(input.EventBusName);
        between(input.Limit, 1, 100, "limit", invalid);
        const all = [...this.#rules.values()]

          .filter((rule) => rule.bus === bus && rule.name.startsWith(input.NamePrefix ?? ""))
          .sort(byName);
        const { items, nextToken } = page(all, input.NextToken, input.Limit, 100, invalid);
        return { Rules: items.map(shown), NextToken: nextToken };
      },
    }),

    DeleteRule: this.#onRule<sdk.DeleteRuleRequest, object>("write", (input) => {
      const arn = this.#ruleArn(input.Name, this.#bus(input.EventBusName).name);
      const rule = this.#rules.get(arn);
      if (rule && rule.targets.size > 0)
        throw refused(invalid, "Rule can't be deleted since it has targets.");
      rule?.cancel();
      this.#rules.delete(arn);
      return {};
    }),

    EnableRule: this.#onRule<sdk.EnableRuleRequest, object>("write", (input) =>
      this.#setState(input, "ENABLED"),
    ),

    DisableRule: this.#onRule<sdk.DisableRuleRequest, object>("write", (input) =>
      this.#setState(input, "DISABLED"),
    ),

    PutTargets: operation<sdk.PutTargetsRequest, sdk.PutTargetsResponse>({
      access: "write",
      authorize: (input) => [
        {
          ...this.#on(input.Rule, input.EventBusName),
          context: { "events:TargetArn": (input.Targets ?? []).map((target) => target.Arn ?? "") },
        },
        ...(input.Targets ?? []).flatMap((target) =>
          target.RoleArn === undefined ? [] : [{ action: "iam:PassRole", resource: target.RoleArn }],
        ),
      ],
      handle: (input) => {
        const rule = this.#rule(input.Rule, input.EventBusName);
        const targets = input.Targets ?? [];
        lengthBetween(targets, 1, 100, "targets", invalid);
        for (const target of targets) checkTarget(target);
        const ids = new Set([...rule.targets.keys(), ...targets.map((target) => target.Id ?? "")]);
        if (ids.size > TARGETS_A_RULE)
          throw new ServiceError(
            "LimitExceededException",
            "The requested resource exceeds the maximum number allowed.",
          );
        for (const target of targets) rule.targets.set(target.Id ?? "", target);
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    }),

    ListTargetsByRule: operation<sdk.ListTargetsByRuleRequest, sdk.ListTargetsByRuleResponse>({
      access: "read",
      authorize: (input) => this.#on(input.Rule, input.EventBusName),
      handle: (input) => {
        const rule = this.#rule(input.Rule, input.EventBusName);
        between(input.Limit, 1, 100, "limit", invalid);
        const all = [...rule.targets.values()];
        const { items, nextToken } = page(all, input.NextToken, input.Limit, 100, invalid);
        return { Targets: items, NextToken: nextToken };
      },
    }),

    RemoveTargets: operation<sdk.RemoveTargetsRequest, sdk.RemoveTargetsResponse>({
      access: "write",
      authorize: (input) => this.#on(input.Rule, input.EventBusName),
      handle: (input) => {
        const rule = this.#rule(input.Rule, input.EventBusName);
        const FailedEntries = (input.Ids ?? [])
          .filter((id) => !rule.targets.delete(id))
          .map((id) => ({
            TargetId: id,
            ErrorCode: "ResourceNotFoundException",
            ErrorMessage: `Rule ${rule.name} does not have a target with the Id ${id}.`,
          }));
        return { FailedEntryCount: FailedEntries.length, FailedEntries };
      },
    }),

    PutEvents: operation<sdk.PutEventsRequest, sdk.PutEventsResponse>({
      access: "data",
      authorize: (input) =>
        (input.Entries ?? []).map(({ EventBusName = "default" }) => ({
          resource: EventBusName.startsWith("arn:") ? EventBusName : this.#busArn(EventBusName),
        })),
      handle: (input) => {
        const entries = input.Entries ?? [];
        if (input.EndpointId !== undefined) throw notImplemented("events:PutEvents to a global endpoint");
        lengthBetween(entries, 1, 10, "entries", invalid);
        const bytes = entries.reduce(
          (sum, e) =>
            sum + Buffer.byteLength(`${e.Source}${e.DetailType}${e.Detail}${e.Resources?.join("") ?? ""}`),
          0,
        );
        if (bytes > 1_048_576)
          throw refused(invalid, "Total size of the entries in the request is over the limit.");
        const results = entries.map((entry): sdk.PutEventsResultEntry => {
          const event = putEventsEntry(entry);
          if ("ErrorCode" in event) return event;
          const full = this.#complete(event);
          // As recorded: an event for a bus that does not exist is taken, and lost.
          this.#accept(full, entry.EventBusName?.replace(/^arn:.*\//, ""));
          return { EventId: full.id };
        });
        return {
          FailedEntryCount: results.filter((r) => r.ErrorCode !== undefined).length,
          Entries: results,
        };
      },
    }),

    TestEventPattern: onAnything<sdk.TestEventPatternRequest, sdk.TestEventPatternResponse>(
      "read",
      (input) => {
        const matches = compiled(input.EventPattern ?? "");
        const event = jsonObject(input.Event ?? "", "Event", invalid);
        const missing = ["id", "account", "source", "time", "region", "resources", "detail-type"].filter(
          (field) => !Object.hasOwn(event, field),
        );
        if (missing.length > 0)
          throw refused(
            invalid,
            `Parameter Event is not valid. Reason: the mandatory fields ${missing.join(", ")} are missing.`,
          );
        return { Result: matches(event) };
      },
    ),

    CreateEventBus: this.#onBus<sdk.CreateEventBusRequest, sdk.CreateEventBusResponse>(
      "write",
      ({ Name: name = "", Description, EventSourceName, Tags }, { time }) => {
        if (EventSourceName !== undefined)
          throw notImplemented("events:CreateEventBus of a partner's source");
        matchesPattern(name, /[.\-_A-Za-z0-9]{1,256}/, "name", invalid);
        if (this.#buses.has(name))
          throw new ServiceError("ResourceAlreadyExistsException", `Event bus ${name} already exists.`);
        const made = { description: Description, created: new Date(time), tags: tagMap(Tags) };
        const bus: Bus = { name, arn: this.#busArn(name), ...made };
        this.#buses.set(name, bus);
        return { EventBusArn: bus.arn, Description };
      },
    ),

    DeleteEventBus: this.#onBus<sdk.DeleteEventBusRequest, object>("write", ({ Name: name = "" }) => {
      if (name === "default") throw refused(invalid, "Cannot delete event bus default.");
      if ([...this.#rules.values()].some((rule) => rule.bus.name === name))
        throw refused(invalid, `Event bus ${name} cannot be deleted since it has rules.`);
      this.#buses.delete(name);
      return {};
    }),

    DescribeEventBus: this.#onBus<sdk.DescribeEventBusRequest, sdk.DescribeEventBusResponse>(
      "read",
      (input) => shownBus(this.#bus(input.Name)),
    ),

    ListEventBuses: onAnything<sdk.ListEventBusesRequest, sdk.ListEventBusesResponse>("read", (input) => {
      between(input.Limit, 1, 100, "limit", invalid);
      const buses = [...this.#buses.values()].filter(({ name }) => name.startsWith(input.NamePrefix ?? ""));
      const { items, nextToken } = page(buses, input.NextToken, input.Limit, 100, invalid);
      return { EventBuses: items.map(shownBus), NextToken: nextToken };
    }),

    TagResource: this.#onTagged<sdk.TagResourceRequest, object>("write", (input) => {
      const { tags } = this.#tagged(input.ResourceARN);
      for (const [key, value] of tagMap(input.Tags)) tags.set(key, value);
      return {};
    }),

    UntagResource: this.#onTagged<sdk.UntagResourceRequest, object>("write", (input) => {
      const { tags } = this.#tagged(input.ResourceARN);
      for (const key of input.TagKeys ?? []) tags.delete(key);
      return {};
    }),

    ListTagsForResource: this.#onTagged<sdk.ListTagsForResourceRequest, sdk.ListTagsForResourceResponse>(
      "read",
      (input) => ({
        Tags: [...this.#tagged(input.ResourceARN).tags].map(([Key, Value]) => ({ Key, Value })),
      }),
    ),
  };

  #setState(input: { Name?: string; EventBusName?: string }, state: sdk.RuleState): object {
    const rule = this.#rule(input.Name, input.EventBusName);
    rule.state = state;
    this.#start(rule);
    return {};
  }
}

/** CloudTrail's events of calls that only read reach a rule only in a state of its own. */
function listens(state: sdk.RuleState, event: BusEvent): boolean {
  if (state === "DISABLED") return false;
  const isRead = event["detail-type"] === "AWS API Call via CloudTrail" && event.detail.readOnly === true;
  return !isRead || state === "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";
}

function compiled(pattern: string): (event: unknown) => boolean {
  const parsed = jsonObject(pattern, "EventPattern", { code: "InvalidEventPatternException" });
  try {
    return compilePattern(parsed);
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== "InvalidEventPatternException") throw cause;
    throw new ServiceError(cause.name, cause.message);
  }
}

function tagMap(tags: readonly sdk.Tag[] | undefined): Map<string, string> {
  lengthBetween(tags, 0, 50, "tags", invalid);
  for (const tag of tags ?? []) {
    lengthBetween(tag.Key, 1, 128, "tags.key", invalid);
    lengthBetween(tag.Value, 0, 256, "tags.value", invalid);
  }
  return new Map((tags ?? []).map((tag) => [tag.Key ?? "", tag.Value ?? ""]));
}

function shown(rule: StoredRule): sdk.Rule {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventPattern: rule.pattern,
    ScheduleExpression: rule.schedule,
    State: rule.state,
    Description: rule.description,
    RoleArn: rule.roleArn,
    EventBusName: rule.bus.name,
  };
}

function shownBus({ name: Name, arn: Arn, description: Description, created }: Bus): sdk.EventBus {
  return { Name, Arn, Description, CreationTime: created, LastModifiedTime: created };
}

function byName(a: StoredRule, b: StoredRule): number {
  return a.name < b.name ? -1 : 1;
}
