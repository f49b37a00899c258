import type { ApiAlarm } from '#protocols/api.ts';
import { waterfall } from '../reading/alarms.ts';

/** The waterfall folded into one line: a stretch for each step, in proportion. The words stand beside it. */
export function Strip({ alarm }: { alarm: ApiAlarm }) {
  const { steps, end } = waterfall(alarm);
  const full = Math.max(end, 1e-6);
  const first = steps[0]?.at?.to ?? 0;
  return (
    <svg className="strip" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 1000 8">
      <rect className="strip-press" x={0} y={2} width={(first / full) * 1000} height={4} />
      {steps.map(
        ({ name, at }, index) =>
          at &&
          index > 0 && (
            <rect
              key={name}
              className={index % 2 === 0 ? 'strip-even' : 'strip-odd'}
              x={(at.from / full) * 1000}
              y={0}
              width={((at.to - at.from) / full) * 1000}
              height={8}
            />
          ),
      )}
    </svg>
  );
}
