import type { Cancel, Clock } from "../embedded-aws/aws/clock";

/** Where a timeline is written: a terminal, or anything that takes lines. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How often the progress line is drawn anew, in milliseconds. */
const redrawMs = 200;

/**
 * What happens, as it happens: one line for each event, with seconds since the start. On a terminal a progress
 * line stands below them; elsewhere there are plain lines only.
 */
export class Timeline {
  readonly #start: number;
  #cancel: Cancel = () => undefined;
  #progress: (() => string) | undefined;

  constructor(
    private readonly screen: Screen,
    private readonly clock: Clock,
  ) {
    this.#start = clock.now();
  }

  /** Writes an event. `kind` is a word. */
  event(kind: string, text: string): void {
    this.#clear();
    const seconds = ((this.clock.now() - this.#start) / 1000).toFixed(1).padStart(5);
    this.screen.write(`${seconds} s  ${kind.padEnd(8)}  ${text}\n`);
    this.#draw();
  }

  /** Shows a progress line below the events until `done`; nothing of it where the screen is no terminal. */
  progress(text: () => string): void {
    if (!this.screen.isTTY) return;
    this.#cancel();
    this.#progress = text;
    const redraw = (): void => {
      this.#draw();
      this.#cancel = this.clock.schedule(redrawMs, "progress line", redraw);
    };
    redraw();
  }

  /** Takes the progress line away. */
  done(): void {
    this.#cancel();
    this.#clear();
    this.#progress = undefined;
  }

  #clear(): void {
    if (this.#progress) this.screen.write("\r\u001b[2K");
  }

  #draw(): void {
    if (!this.#progress) return;
    this.screen.write(`\r\u001b[2K${this.#progress().slice(0, (this.screen.columns || 80) - 1)}`);
  }
}
