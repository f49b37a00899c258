import type { View } from '../feed/store.ts';
import { freshMs } from '../reading/states.ts';
import { duration, limit, span } from '../reading/times.ts';
import { useSpeech } from '../words/language.ts';
import { StateGlyph } from './StateGlyph.tsx';

/** p50, p95 and p99 of the time to 110 against the bound. `now`: browser UTC ms. */
export function Latency({ latency, now }: { latency: View['latency']; now: number }) {
  const speech = useSpeech();
  const { words } = speech;
  const figures = latency && now - latency.at < freshMs ? latency.figures : null;
  return (
    <section aria-labelledby="latency">
      <h2 id="latency">
        {words.latency}
        {latency && <span className="beside">{words.bound(limit(latency.figures.bound_ms, speech))}</span>}
      </h2>
      {figures ? (
        <Percentiles figures={figures} />
      ) : (
        <p className="row">
          <StateGlyph state="unknown" />
          <span className="row-name">{words.unknown}</span>
        </p>
      )}
    </section>
  );
}

function Percentiles({ figures }: { figures: NonNullable<View['latency']>['figures'] }) {
  const speech = useSpeech();
  const { words } = speech;
  const { p50_ms: p50, p95_ms: p95, p99_ms: p99, bound_ms: bound } = figures;
  if (figures.count === 0 || p50 === null || p95 === null || p99 === null) {
    return <p className="empty">{words.latencyEmpty}</p>;
  }
  const marks = [
    { name: words.half, key: 'p50', ms: p50 },
    { name: words.p95, key: 'p95', ms: p95 },
    { name: words.p99, key: 'p99', ms: p99 },
  ];
  const full = Math.max(bound, p99);
  const notes = [
    words.latencyCount(figures.count, words.lastSpan(span(figures.to - figures.from, speech))),
    figures.undelivered > 0 && words.latencyUndelivered(figures.undelivered),
    figures.breaches > 0 && words.latencyBreaches(figures.breaches),
    figures.crossed_restart > 0 && words.latencyRestarts(figures.crossed_restart),
  ].filter((note) => note !== false);
  const said = marks.map((mark) => duration(mark.ms, speech));
  return (
    <>
      <dl className="percentiles">
        {marks.map((mark, index) => (
          <div key={mark.key} className={mark.ms > bound ? 'is-over' : undefined} data-percentile={mark.key}>
            <dt>{mark.name}</dt>
            <dd>
              {said[index]}
              {mark.ms > bound && (
                <span className="over">
                  <StateGlyph state="fault" /> {words.overBound}
                </span>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <svg
        className="scale"
        role="img"
        aria-label={words.latencyScale(said[0]!, said[1]!, said[2]!, limit(bound, speech))}
      >
        <rect className="scale-ground" width="100%" height="4" y="4" rx="2" />
        <rect className="scale-reach" width={share(p99, full)} height="4" y="4" rx="2" />
        {marks.map((mark) => (
          <rect key={mark.key} className="scale-mark" x={share(mark.ms, full)} y="1" width="2" height="10" />
        ))}
        <rect className="scale-bound" x={`calc(${share(bound, full)} - 2px)`} y="0" width="2" height="12" />
      </svg>
      <p className="note">{notes.join(' · ')}</p>
    </>
  );
}

function share(ms: number, full: number): string {
  return `${((ms / full) * 100).toFixed(2)}%`;
}
