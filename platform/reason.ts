/** Why something failed, for a log line or for people: the message, without the stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** As `reasonOf`, with what lies behind it: "fetch failed" alone tells nobody that the port was closed. */
export function wholeReasonOf(error: unknown): string {
  const reason = reasonOf(error);
  if (!(error instanceof Error) || error.cause === undefined) return reason;
  const { cause } = error;
  const behind = wholeReasonOf(cause) || String((cause as { code?: unknown }).code ?? '');
  return behind === '' || reason.includes(behind) ? reason : `${reason}: ${behind}`;
}
