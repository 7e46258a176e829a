import { request } from "node:http";
import type { Cancel, Clock } from "../embedded-aws/aws/clock";
import { Ecs, type Target } from "../embedded-aws/aws/ecs";
import type { World } from "../embedded-aws/aws/world";

/** One query: resolves with what went wrong, or with nothing. */
export type Probe = (target: Target) => Promise<string | undefined>;

/** Time that an answer may take, in milliseconds. */
const timeoutMs = 5_000;

/** Asks a task over HTTP, on a new connection, and has it ask its database, on a new connection too. */
export const httpProbe: Probe = ({ port }) =>
  new Promise((resolve) => {
    const asking = request(
      { host: "127.0.0.1", port, path: "/query", agent: false, timeout: timeoutMs },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (text: string) => (body += text));
        response.on("error", (error) => resolve(error.message));
        response.on("end", () =>
          resolve(response.statusCode === 200 ? undefined : `${response.statusCode} ${body}`),
        );
      },
    );
    asking.on("timeout", () => asking.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    asking.on("error", (error) => resolve(error.message));
    asking.end();
  });

/** What the load has seen. */
export interface QueryCount {
  readonly total: number;
  readonly failed: number;
}

/** The queries of one second. */
export interface SecondOfQueries extends QueryCount {
  /** Whole seconds from the start of the load to the start of the queries. */
  readonly second: number;
}

/**
 * Users of the services: a steady number of queries, each to the next task that a load balancer would choose,
 * counted here and not in the tasks.
 */
export class Load {
  #next = 0;
  #startedAt = 0;
  #cancel: Cancel = () => undefined;
  #running = false;
  readonly #open = new Set<Promise<void>>();
  readonly #seconds: { second: number; total: number; failed: number }[] = [];
  /** The first failures, in words, for whoever wants to know why. */
  readonly failures: string[] = [];

  constructor(
    private readonly world: World,
    private readonly cluster: string,
    private readonly services: readonly string[],
    private readonly probe: Probe,
    /** Time between two queries, in milliseconds. */
    private readonly intervalMs = 25,
  ) {}

  get count(): QueryCount {
    const sum = (key: keyof QueryCount): number =>
      this.#seconds.reduce((sum, second) => sum + second[key], 0);
    return { total: sum("total"), failed: sum("failed") };
  }

  /** The queries by the second in which they were made, seconds without a query included. */
  get overTime(): readonly SecondOfQueries[] {
    return this.#seconds;
  }

  /** When the first query was made, in milliseconds since the epoch. */
  get startedAt(): number {
    return this.#startedAt;
  }

  start(): void {
    this.#running = true;
    this.#startedAt = this.world.clock.now();
    this.#tick(this.world.clock);
  }

  /** Asks no more and waits for the answers that are still to come. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancel();
    await Promise.all(this.#open);
  }

  #tick(clock: Clock): void {
    if (!this.#running) return;
    const service = this.services[this.#next++ % this.services.length]!;
    const asking = this.#ask(service).finally(() => this.#open.delete(asking));
    this.#open.add(asking);
    this.#cancel = clock.schedule(this.intervalMs, "next query", () => this.#tick(clock));
  }

  async #ask(service: string): Promise<void> {
    const targets = Ecs.of(this.world).targets(this.cluster, service);
    const second = this.#secondNow();
    second.total++;
    const target = targets[Math.floor(this.#next / this.services.length) % Math.max(1, targets.length)];
    const problem = target ? await this.probe(target) : "no task takes requests";
    if (problem === undefined) return;
    second.failed++;
    if (this.failures.length < 20) this.failures.push(`${service}: ${problem}`);
  }

  #secondNow(): { total: number; failed: number } {
    const now = Math.floor((this.world.clock.now() - this.#startedAt) / 1000);
    while (this.#seconds.length <= now)
      this.#seconds.push({ second: this.#seconds.length, total: 0, failed: 0 });
    return this.#seconds[now]!;
  }
}
