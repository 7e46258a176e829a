/**
 * What the recycler covers, as plain data: captured by the callback, registered by the `Recycler` component for
 * the policy pack, exported as `policyConfig`. No Output, no class.
 */

/** One entry of `services[]`, normalised: names, not ARNs. */
export interface CoveredServices {
  /** Name of the cluster. */
  readonly cluster: string;
  /** Name of the service; absent: every service of the cluster but `exclude`. */
  readonly service?: string;
  readonly exclude: readonly string[];
  /** Secrets by name, full or partial ARN. Empty together with `parameters`: whatever the task definition refers to. */
  readonly secrets: readonly string[];
  /** Parameters by name or ARN. */
  readonly parameters: readonly string[];
  /** 0 and up; a wave starts when the one before is fresh. */
  readonly wave: number;
}

/** What the recycler does with a stale service. */
export type Mode = "recycle" | "dry-run" | "off";

/** Everything the deployed function knows. Partition, Region and account come from the function's own ARN. */
export interface RecyclerSettings {
  readonly coverage: readonly CoveredServices[];
  readonly mode: Mode;
  /** The queue's name: its creation is the moment before which a move is `predates-install`. */
  readonly queueName: string;
  /** Delay of the queue, in seconds: how long a move may wait for its own event. */
  readonly delaySeconds: number;
  readonly limits: {
    readonly minutesBetweenDeployments?: number;
    readonly maxConcurrentDeployments?: number;
    readonly bakeTimeInMinutes?: number;
    readonly overtakeAfterMinutes?: number;
  };
}
