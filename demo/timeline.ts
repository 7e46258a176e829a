import type { Cancel, Clock } from "../embedded-aws/aws/clock";
import { fit, Terminal, wrap, type Paint, type Screen, type Style } from "./terminal";

/** How often the progress line is drawn anew, in milliseconds. */
const redrawMs = 200;
/** Where the text of an event begins: behind the seconds and the kind. */
const textColumn = 19;
const clearLine = "\r\u001b[2K";

/** Colours of the kinds that have one; every other kind is a decision that names a problem or a delay. */
const styles: Readonly<Record<string, Style>> = {
  deploy: "dim",
  change: "cyan",
  moved: "cyan",
  recycle: "magenta",
  proved: "green",
  fresh: "green",
  noise: "dim",
  wait: "dim",
};

/**
 * What happens, as it happens: an entry for each event, with the seconds since the start. On a terminal a
 * progress line stands below them; elsewhere there are the entries only.
 */
export class Timeline {
  readonly #start: number;
  readonly #terminal: Terminal;
  #cancel: Cancel = () => undefined;
  #progress: ((paint: Paint) => readonly string[]) | undefined;

  constructor(
    screen: Screen,
    private readonly clock: Clock,
    environment?: NodeJS.ProcessEnv,
  ) {
    this.#terminal = new Terminal(screen, environment);
    this.#start = clock.now();
  }

  /** Writes an event. `kind` is a word. */
  event(kind: string, text: string): void {
    this.#clear();
    const { columns, paint } = this.#terminal;
    const seconds = ((this.clock.now() - this.#start) / 1000).toFixed(1).padStart(5);
    const before = `${seconds} s  `;
    const padded = `${kind.padEnd(8)}  `;
    const wrapped = wrap(text, columns, textColumn, before.length + padded.length);
    this.#terminal.write(`${before}${paint(styles[kind] ?? "yellow", padded)}${wrapped}\n`);
    this.#draw();
  }

  /** Shows the parts that fit in a progress line below the events, until `done`; on a terminal only. */
  progress(parts: (paint: Paint) => readonly string[]): void {
    if (!this.#terminal.isLive) return;
    this.#cancel();
    this.#progress = parts;
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
    if (this.#progress) this.#terminal.write(clearLine);
  }

  #draw(): void {
    if (!this.#progress) return;
    const { columns, paint } = this.#terminal;
    // The last column stays empty: many terminals wrap a line that fills it.
    const line = fit(["       ", ...this.#progress(paint)], columns - 1);
    this.#terminal.write(`${clearLine}${line}`);
  }
}
