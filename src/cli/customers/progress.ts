import { Presets, SingleBar } from 'cli-progress';
import type { Io } from '../io.ts';

const LINE_MILLISECONDS = 5_000;
const FRAMES_A_SECOND = 5;

/** Shows a run's progress: a bar on a terminal, otherwise a line every few seconds. */
export class Progress {
  readonly #io: Io;
  readonly #title: string;
  readonly #total: number;
  readonly #counts: Map<string, number>;
  readonly #before: number;
  readonly #startedAt = performance.now();
  readonly #bar: SingleBar | undefined;
  readonly #timer: NodeJS.Timeout;
  #done: number;

  /** `counts` are shown in their order; they go on from an earlier run where one is continued. */
  constructor(io: Io, title: string, total: number, counts: Readonly<Record<string, number>>) {
    this.#io = io;
    this.#title = title;
    this.#total = total;
    this.#counts = new Map(Object.entries(counts));
    this.#before = Object.values(counts).reduce((sum, count) => sum + count, 0);
    this.#done = this.#before;
    if (io.terminal) {
      const format = `${title} {bar} {percentage} % | {value} of {total} | {status}`;
      this.#bar = new SingleBar({ format, fps: FRAMES_A_SECOND, hideCursor: true }, Presets.shades_classic);
      this.#bar.start(total, this.#done, { status: '' });
    }
    const show = () => (this.#bar ? this.#draw() : io.err(this.#line()));
    this.#timer = setInterval(show, this.#bar ? 1000 / FRAMES_A_SECOND : LINE_MILLISECONDS);
  }

  /** Counts one customer with the result `name`. */
  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    this.#done += 1;
  }

  /** Shows the end of it. */
  stop(): void {
    clearInterval(this.#timer);
    if (!this.#bar) {
      this.#io.err(this.#line());
      return;
    }
    this.#draw();
    this.#bar.stop();
  }

  #draw(): void {
    this.#bar?.setTotal(Math.max(this.#total, this.#done));
    this.#bar?.update(this.#done, { status: this.#status() });
  }

  #line(): string {
    const percentage =
      this.#total > 0 ? ` (${Math.min(100, Math.floor((this.#done / this.#total) * 100))} %)` : '';
    return `${this.#title}: ${number(this.#done)} of ${number(Math.max(this.#total, this.#done))}${percentage}, ${this.#status()}`;
  }

  #status(): string {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const rate = seconds > 0 ? (this.#done - this.#before) / seconds : 0;
    const left = this.#total - this.#done;
    const remaining = left > 0 && rate > 0 ? `, ${duration(left / rate)} left` : '';
    const counts = [...this.#counts].map(([name, count]) => `${name} ${number(count)}`).join(', ');
    return `${number(Math.round(rate))}/s${remaining}: ${counts}`;
  }
}

/** With commas between the thousands. */
export function number(value: number): string {
  return value.toLocaleString('en');
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
