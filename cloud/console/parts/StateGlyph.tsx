import type { AlertMark } from '../reading/states.ts';

/** The shape of a state, or of an alert. Its word always stands beside it, so the shape itself is silent to screen readers. */
export function StateGlyph({ state, past = false }: { state: AlertMark; past?: boolean }) {
  return (
    <svg
      className={past ? 'glyph is-past' : `glyph is-${state}`}
      viewBox="0 0 16 16"
      aria-hidden="true"
      data-state={state}
    >
      {shapes[state]}
    </svg>
  );
}

const line = { fill: 'none', stroke: 'currentColor', strokeWidth: 1.8 } as const;
const shapes: Record<AlertMark, React.ReactNode> = {
  alarm: (
    <>
      <path fill="currentColor" d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" />
      <path className="glyph-sign" d="M7 4h2v5H7zM7 10.4h2v1.8H7z" />
    </>
  ),
  critical: (
    <>
      <path fill="currentColor" d="M8 .2 15.8 8 8 15.8.2 8z" />
      <path className="glyph-sign" d="M7.2 4h1.6v4.8H7.2zM7.2 10h1.6v1.7H7.2z" />
    </>
  ),
  fault: (
    <>
      <path fill="currentColor" d="M8 1.2 15.4 14.6H.6z" />
      <path className="glyph-sign" d="M7.2 6h1.6v4.4H7.2zM7.2 11.4h1.6V13H7.2z" />
    </>
  ),
  offline: (
    <>
      <rect x="2" y="2" width="12" height="12" rx="1" {...line} />
      <path d="M4.6 8h6.8" {...line} />
    </>
  ),
  unknown: (
    <>
      <circle cx="8" cy="8" r="6.4" strokeDasharray="2.6 1.42" {...line} strokeWidth={1.4} />
      <path d="M6.3 6.4a1.75 1.75 0 1 1 2.4 1.7c-.5.25-.7.6-.7 1.2" {...line} strokeWidth={1.4} />
      <circle cx="8" cy="11.2" r=".9" fill="currentColor" />
    </>
  ),
  maintenance: (
    <path
      fill="currentColor"
      d="M14.5 4.2 12 6.7 9.6 6.3 9.2 4l2.5-2.5A4.2 4.2 0 0 0 6.4 6.8L1.6 11.6a1.98 1.98 0 0 0 2.8 2.8l4.8-4.8a4.2 4.2 0 0 0 5.3-5.4z"
    />
  ),
  good: <circle cx="8" cy="8" r="3" fill="currentColor" />,
};
