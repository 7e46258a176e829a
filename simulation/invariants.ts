import type {
  DescribeServicesResponse,
  UpdateServiceRequest,
  UpdateServiceResponse,
} from "@aws-sdk/client-ecs";
import { clockToleranceMs } from "../handler/trigger";
import { decisionIn } from "../demo/decisions";
import { example } from "../demo/example";
import { truthOf } from "../demo/stage";
import type { Truth } from "../demo/truth";
import type { VirtualStage } from "./virtual-run";
import { isOfRecycler } from "./faults";

/** What nobody but its owner may change of a service. */
interface Standing {
  readonly taskDefinition?: string;
  readonly desiredCount?: number;
}

/** What a request for a forced deployment may hold. */
const onlyMembers = ["cluster", "forceNewDeployment", "service"];

/**
 * What always holds, whatever goes wrong around the recycler: judged by the embedded AWS's own truth from `begin` on.
 * It never asks the recycler, but for the decision by which it excuses itself.
 */
export class Invariants {
  readonly #truth: Truth;
  readonly #violations: string[] = [];
  #beganMs = 0;
  #standing = new Map<string, Standing>();
  #uncovered: string[] = [];

  /** @param covered names of the example's services that the recycler may touch; by default those of its settings */
  constructor(
    private readonly stage: Pick<VirtualStage, "world" | "log">,
    private readonly covered: readonly string[] = example.services
      .filter((service) => service.covered)
      .map(({ service }) => service),
  ) {
    this.#truth = truthOf(stage.world);
  }

  /** Remembers how things stand, and watches from now on. */
  async begin(): Promise<void> {
    const { world } = this.stage;
    this.#beganMs = world.clock.now();
    this.#standing = await this.#services();
    this.#uncovered = this.#tasksOfUncovered();
    world.observe(({ call, input, output }) => {
      if (call.service !== "ecs" || call.operation !== "UpdateService" || !output) return;
      this.#forced(input as UpdateServiceRequest, output, isOfRecycler(call));
    });
  }

  /**
   * What does not hold. To be asked when all changes and faults have ended.
   * @param excused services that may hold an old value, each with the decision that has to say so
   */
  async violations(excused: Readonly<Record<string, string>> = {}): Promise<string[]> {
    const { world } = this.stage;
    const truth = this.#truth;
    const wrong = [...this.#violations];
    for (const { service, desiredCount } of example.services.filter(({ service }) =>
      this.covered.includes(service),
    )) {
      const running = truth.tasks(service).filter(({ draining }) => !draining).length;
      if (running !== desiredCount) wrong.push(`${service}: ${running} of ${desiredCount} tasks run`);
      const stale = truth.staleTasks(service).length;
      const excuse = excused[service];
      if (excuse === undefined && stale > 0) wrong.push(`${service}: ${stale} tasks hold an old value`);
      if (excuse === undefined) continue;
      if (stale === 0) wrong.push(`${service}: is fresh and needs no excuse`);
      const last = this.#lastDecision(service);
      if (last !== excuse)
        wrong.push(`${service}: holds an old value, reported as ${last}, not as ${excuse}`);
    }
    for (const { service } of truth.unneededDeployments(truth.reads(), this.#beganMs, clockToleranceMs))
      wrong.push(`${service}: a forced deployment follows no move of a value that it reads`);
    const reads = truth.secretReadsByRecycler();
    if (reads > 0) wrong.push(`the recycler asked for a value ${reads} times`);
    const standing = await this.#services();
    for (const [service, before] of this.#standing)
      if (JSON.stringify(standing.get(service)) !== JSON.stringify(before))
        wrong.push(`${service}: its task definition or count changed`);
    if (this.#tasksOfUncovered().join() !== this.#uncovered.join())
      wrong.push("tasks of a service that is not covered were replaced");
    for (const mistake of world.mistakes) wrong.push(`a mistake of the embedded AWS: ${String(mistake)}`);
    return wrong;
  }

  #forced(input: UpdateServiceRequest, { service = {} }: UpdateServiceResponse, ofRecycler: boolean): void {
    const name = service.serviceName ?? "";
    if (ofRecycler && Object.keys(input).sort().join() !== onlyMembers.join())
      this.#violations.push(`${name}: the recycler asks for more than a deployment`);
    if (!this.covered.includes(name)) this.#violations.push(`${name}: is not covered and was deployed`);
    const unfinished = (service.deployments ?? []).filter(
      ({ status, rolloutState }) => status !== "PRIMARY" && rolloutState === "IN_PROGRESS",
    );
    if (unfinished.length > 0) this.#violations.push(`${name}: was deployed over an unfinished deployment`);
  }

  #lastDecision(service: string): string | undefined {
    return this.stage.log
      .flatMap((line) => decisionIn(line) ?? [])
      .findLast((made) => made.service === service)?.decision;
  }

  #tasksOfUncovered(): string[] {
    return example.services
      .filter(({ service }) => !this.covered.includes(service))
      .flatMap(({ service }) => this.#truth.tasks(service).map(({ taskArn }) => taskArn))
      .sort();
  }

  async #services(): Promise<Map<string, Standing>> {
    const { services = [] } = await this.stage.world.asOperator<DescribeServicesResponse>(
      "ecs",
      "DescribeServices",
      { cluster: example.cluster, services: example.services.map(({ service }) => service) },
    );
    return new Map(
      services.map(({ serviceName = "", taskDefinition, desiredCount }) => [
        serviceName,
        { taskDefinition, desiredCount },
      ]),
    );
  }
}
