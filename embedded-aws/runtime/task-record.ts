import type { Clock } from "../aws/clock";
import type { Random } from "../aws/random";
import type { TaskHandle, TaskRuntime, TaskSpec } from "../aws/runtime";

/** What becomes of one task. Times are milliseconds on the clock. */
export interface TaskScript {
  /** From its containers' start to health, or to the failure. */
  readonly startMs?: number;
  /** Set: the task never gets healthy, and this is why. */
  readonly failure?: string;
  /** Set: an essential container ends by itself that long after it became healthy. */
  readonly exitAfterMs?: number;
}

/** How tasks behave that are only records. */
export interface TaskRecordOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Drawn for each task unless its script says otherwise. Default 100 to 2,000. */
  readonly startMs?: { readonly low: number; readonly high: number };
  /** From SIGTERM to the end, drawn. Default 0 to 200; never more than the grace period. */
  readonly stopMs?: { readonly low: number; readonly high: number };
  /** Asked once for each task that starts: faults of a simulation, and what a test wants to see. */
  readonly script?: (spec: TaskSpec) => TaskScript;
}

/** Tasks without processes, for virtual time: each is a few entries on the clock. */
export function taskRecords(options: TaskRecordOptions): TaskRuntime {
  const { clock } = options;
  const random = options.random.fork("task-record");
  const startRange = options.startMs ?? { low: 100, high: 2_000 };
  const stopRange = options.stopMs ?? { low: 0, high: 200 };
  return {
    start(spec): TaskHandle {
      const script = options.script?.(spec) ?? {};
      const startMs = script.startMs ?? random.integer(startRange.low, startRange.high);
      const stopMs = random.integer(stopRange.low, stopRange.high);
      let ended = false;
      let end!: (outcome: { reason: string; exitCode?: number }) => void;
      let fail!: (error: Error) => void;
      const stopped = new Promise<{ reason: string; exitCode?: number }>((resolve) => {
        end = (outcome) => {
          ended = true;
          resolve(outcome);
        };
      });
      const started = new Promise<{ port?: number }>((resolve, reject) => {
        fail = reject;
        clock.schedule(startMs, `task ${spec.taskArn} comes up`, () => {
          if (ended) return;
          if (script.failure !== undefined) {
            end({ reason: script.failure, exitCode: 1 });
            reject(new Error(script.failure));
            return;
          }
          resolve({ port: random.integer(32_768, 60_999) });
          if (script.exitAfterMs !== undefined)
            clock.schedule(script.exitAfterMs, `task ${spec.taskArn} ends by itself`, () =>
              end({ reason: "", exitCode: 1 }),
            );
        });
      });
      // Whoever stops a task before it is up need not wait for `started`.
      started.catch(() => undefined);
      return {
        started,
        stopped,
        async stop(graceMs) {
          if (ended) return;
          if (graceMs > 0) await clock.sleep(Math.min(stopMs, graceMs), `task ${spec.taskArn} ends`);
          end({ reason: "", exitCode: 0 });
          fail(new Error("the task was stopped before it was up"));
        },
      };
    },
  };
}
