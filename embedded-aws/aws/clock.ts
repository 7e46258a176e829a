/**
 * Time for the embedded AWS. Nothing in `local/aws` looks at the wall clock or sets a timer but through a
 * `Clock`: the demo runs on real time, simulation on virtual time, with the same code.
 */

/** Stops something scheduled; calling it twice, or after the fact, does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Whole milliseconds since the epoch. */
  now(): number;
  /**
   * Runs `task` once, `delayMs` (0 or more) from now. `name` says what it is, for the error that a stuck
   * simulation prints. A task that throws, or whose promise rejects, ends the world: see `onError`.
   */
  schedule(delayMs: number, name: string, task: () => void | Promise<void>): Cancel;
  /** Resolves `delayMs` from now. */
  sleep(delayMs: number, name: string): Promise<void>;
  /** Cancels everything that is scheduled and refuses what comes later (a late timer of a stopped world). */
  stop(): void;
}

/** What a clock does with an error of a scheduled task. There is no default that hides it. */
export type OnError = (error: unknown, name: string) => void;

/** Node.js fires a timer that is longer than this at once (24.8 days); a rotation may be further away. */
const longestTimerMs = 2 ** 31 - 1;

/** The wall clock. `onError` defaults to rethrowing, which ends the process. */
export class RealClock implements Clock {
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;

  constructor(private readonly onError: OnError = rethrow) {}

  now(): number {
    return Date.now();
  }

  schedule(delayMs: number, name: string, task: () => void | Promise<void>): Cancel {
    if (this.#stopped) return () => undefined;
    let timer: NodeJS.Timeout | undefined;
    const wait = (leftMs: number) => {
      const partMs = Math.min(Math.max(0, leftMs), longestTimerMs);
      const own = setTimeout(() => {
        this.#timers.delete(own);
        if (leftMs > longestTimerMs) wait(leftMs - partMs);
        else void run(task, name, this.onError);
      }, partMs);
      timer = own;
      this.#timers.add(own);
    };
    wait(delayMs);
    return () => {
      clearTimeout(timer);
      if (timer) this.#timers.delete(timer);
    };
  }

  sleep(delayMs: number, name: string): Promise<void> {
    return new Promise((resolve) => this.schedule(delayMs, name, resolve));
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}

interface Entry {
  at: number;
  sequence: number;
  name: string;
  task: () => void | Promise<void>;
  cancelled: boolean;
}

/** Turns of the event loop that a call through a real client may take without any timer. */
const callTurns = 50;
/** Turns in which a client may load its own parts from disk, at its first call, while nothing else is to be done. */
const loadTurns = 20_000;

/**
 * A clock that moves only when it is driven: a heap ordered by (time, sequence), so that one seed gives one
 * order. Between two entries the event loop is let run dry (`settle`), so that promise chains finish.
 */
export class VirtualClock implements Clock {
  readonly #heap: Entry[] = [];
  #now: number;
  #sequence = 0;
  #stopped = false;
  readonly #held = new Set<Promise<void>>();

  /** @param startMs the first instant, in milliseconds since the epoch. */
  constructor(
    startMs: number,
    private readonly onError: OnError = rethrow,
  ) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, name: string, task: () => void | Promise<void>): Cancel {
    if (this.#stopped) return () => undefined;
    const entry: Entry = {
      // Whole milliseconds, as every clock counts them: a delay may have been drawn.
      at: this.#now + Math.max(0, Math.ceil(delayMs)),
      sequence: this.#sequence++,
      name,
      task,
      cancelled: false,
    };
    push(this.#heap, entry);
    return () => {
      entry.cancelled = true;
    };
  }

  sleep(delayMs: number, name: string): Promise<void> {
    return new Promise((resolve) => this.schedule(delayMs, name, resolve));
  }

  stop(): void {
    this.#stopped = true;
    this.#heap.length = 0;
  }

  /** The name and time of what comes next, or undefined when nothing is scheduled. */
  next(): { at: number; name: string } | undefined {
    while (this.#heap[0]?.cancelled) pop(this.#heap);
    const entry = this.#heap[0];
    return entry && { at: entry.at, name: entry.name };
  }

  /** Runs the next entry and lets the event loop run dry. False when nothing was scheduled. */
  async step(): Promise<boolean> {
    if (!this.next()) return false;
    const entry = pop(this.#heap)!;
    this.#now = Math.max(this.#now, entry.at);
    void run(entry.task, entry.name, this.onError);
    await this.#settle();
    return true;
  }

  /**
   * Work that no clock drives (a module being loaded, a file being read): time stands still until it has ended.
   * Gives the promise back.
   */
  hold<T>(work: Promise<T>): Promise<T> {
    const held = work.then(
      () => undefined,
      () => undefined,
    );
    this.#held.add(held);
    void held.then(() => this.#held.delete(held));
    return work;
  }

  /** Lets the event loop run dry, held work included. */
  async #settle(): Promise<void> {
    await nextTurn();
    while (this.#held.size > 0) {
      await Promise.race(this.#held);
      await nextTurn();
    }
  }

  /**
   * Moves time until the promise has settled, only as far as it needs, and gives its result: for a call that sleeps
   * on this clock, such as one that a client tries again. Throws when nothing is scheduled and it still has not
   * settled.
   */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    while (!settled) {
      // A call through a real client takes turns of its own before it is answered, or sleeps.
      for (let turn = 0; turn < callTurns && !settled; turn++) await this.#settle();
      if (settled || (await this.step())) continue;
      for (let turn = 0; turn < loadTurns && !settled; turn++) await this.#settle();
      if (!settled)
        throw new Error(
          `waited for a promise that nothing settles: nothing is scheduled at ${iso(this.#now)}`,
        );
    }
    return promise;
  }

  /** Runs everything up to `untilMs`, then stands there. */
  async runUntil(untilMs: number): Promise<void> {
    await this.#settle();
    for (let next = this.next(); next && next.at <= untilMs; next = this.next()) await this.step();
    this.#now = Math.max(this.#now, untilMs);
  }

  /** Runs until `done()` holds. Throws, naming the time, when it does not hold by `untilMs`. */
  async runUntilTrue(done: () => boolean, what: string, untilMs: number): Promise<void> {
    await this.#settle();
    while (!done()) {
      const next = this.next();
      if (!next) throw new Error(`waited for ${what}: nothing is scheduled at ${iso(this.#now)}`);
      if (next.at > untilMs)
        throw new Error(`waited for ${what} until ${iso(untilMs)}: next is ${next.name}`);
      await this.step();
    }
  }
}

/** Lets every promise chain that needs no outer event come to its end: microtasks and ticks run before this. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function run(task: () => void | Promise<void>, name: string, onError: OnError): Promise<void> {
  try {
    await task();
  } catch (error) {
    onError(error, name);
  }
}

function rethrow(error: unknown, name: string): never {
  throw new Error(`a scheduled task failed: ${name}`, { cause: error });
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}

function push(heap: Entry[], entry: Entry): void {
  heap.push(entry);
  let child = heap.length - 1;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (!before(heap[child]!, heap[parent]!)) break;
    [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
    child = parent;
  }
}

function pop(heap: Entry[]): Entry | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (heap.length > 0 && last) {
    heap[0] = last;
    for (let parent = 0; ;) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      if (least === parent) break;
      [heap[least], heap[parent]] = [heap[parent]!, heap[least]!];
      parent = least;
    }
  }
  return top;
}
