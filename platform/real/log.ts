import pino from 'pino';
import type { Log } from '#platform/ports.ts';

export interface LogOptions {
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `line`: for people at a terminal. `json`: one object a line, for collectors. */
  format: 'line' | 'json';
  /** Where finished lines go. Default: stdout. */
  write?: (line: string) => void;
}

/** Fields whose value is never written, wherever they come from. */
const secret = ['password', 'token', 'secret', '*.password', '*.token', '*.secret'];

export function realLog({ level, format, write = (line) => process.stdout.write(line) }: LogOptions): Log {
  const sink = format === 'json' ? write : (json: string) => write(asLine(JSON.parse(json)));
  const options: pino.LoggerOptions = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.err },
    redact: secret,
  };
  return over(pino(options, { write: sink }));
}

function over(logger: pino.Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields, message),
    info: (message, fields) => logger.info(fields, message),
    warn: (message, fields) => logger.warn(fields, message),
    error: (message, fields) => logger.error(fields, message),
    child: (fields) => over(logger.child(fields)),
  };
}

/** `2026-01-02T03:04:05.678Z WARN  no connection to the broker reason=… mqtt=…` */
function asLine({ time, level, msg, ...fields }: Record<string, unknown>): string {
  const rest = Object.entries(fields).map(([key, value]) => {
    if (key === 'error' && typeof value === 'object') return `error=${(value as Error).stack}`;
    return `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`;
  });
  return `${[time, String(level).toUpperCase().padEnd(5), msg, ...rest].join(' ')}\n`;
}
