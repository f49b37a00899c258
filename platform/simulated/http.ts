import type { HttpAnswer, HttpPort, HttpRequest } from '#platform/http.ts';
import { type Life, never } from './life.ts';
import type { Network } from './network.ts';
import type { Seeded } from './seeded.ts';
import type { Timeline } from './timeline.ts';

type Serve = (request: HttpRequest) => Pick<HttpAnswer, 'status'> & Partial<HttpAnswer>;

/** HTTP servers of a world, by host: what they do is done, also when nobody hears their answer. */
export class HttpServers {
  /** Milliseconds that a request or an answer travels: [least, most]. */
  delayMs: [number, number] = [1, 40];
  /** Probability that a request was served, and its answer never comes. */
  lostAnswers = 0;
  readonly #serving = new Map<string, Serve>();
  readonly #timeline: Timeline;
  readonly #random: Seeded;
  readonly #network: Pick<Network, 'blocked' | 'refusing'>;
  readonly #trace: (what: string) => void;

  constructor(
    timeline: Timeline,
    random: Seeded,
    network: Pick<Network, 'blocked' | 'refusing'>,
    trace: (what: string) => void,
  ) {
    this.#timeline = timeline;
    this.#random = random;
    this.#network = network;
    this.#trace = trace;
  }

  serve(host: string, serve: Serve): void {
    this.#serving.set(host, serve);
  }

  /** The client of one incarnation. */
  port(life: Life): HttpPort {
    return {
      request: (request) => (life.alive ? this.#request(life, request) : never()),
    };
  }

  #request(life: Life, request: HttpRequest): Promise<HttpAnswer> {
    const { hostname } = new URL(request.url);
    const until = this.#timeline.now + request.timeoutMs;
    return new Promise((resolve, reject) => {
      const timedOut = () => {
        const error = Object.assign(new Error('no answer in time'), { name: 'TimeoutError' });
        life.after(Math.max(0, until - this.#timeline.now), () => reject(error));
      };
      // What is on its way arrives, whether or not its sender lives on.
      this.#timeline.after(this.#random.between(...this.delayMs), () => {
        if (this.#network.blocked([life.machine, hostname])) return timedOut();
        const serve = this.#serving.get(hostname);
        if (serve === undefined || this.#network.refusing.has(hostname)) {
          life.after(0, () => reject(new Error(`cannot connect to ${hostname}: connection refused`)));
          return;
        }
        const answer: HttpAnswer = { headers: {}, body: '', cut: false, ...serve(request) };
        this.#trace(`${life.machine} ${request.method} ${request.url} ${answer.status}`);
        if (this.#random.chance(this.lostAnswers)) return timedOut();
        const back = this.#random.between(...this.delayMs);
        if (this.#timeline.now + back > until) return timedOut();
        life.after(back, () => {
          if (this.#network.blocked([life.machine, hostname])) timedOut();
          else resolve(answer);
        });
      });
    });
  }
}
