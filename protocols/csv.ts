/**
 * Rows as CSV (RFC 4180): CRLF, quotes where they are needed, and a byte order mark, without which Excel takes
 * UTF-8 for the local code page. A text that a spreadsheet would run as a formula gets an apostrophe before it
 * (OWASP, CSV injection).
 */
export function csvOf(rows: readonly (readonly string[])[]): string {
  return `\uFEFF${rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')}`;
}

function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
