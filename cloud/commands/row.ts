import type { SqlValue } from '#platform/ports.ts';
import type { ApiCommand } from '#protocols/api.ts';
import { command } from '#protocols/messages/command.ts';

export interface CommandRow {
  [column: string]: SqlValue;
  id: string;
  campus: string;
  gateway: string;
  device: string | null;
  kind: string;
  command: string;
  asked_by: string | null;
  sent_at: number;
  expires_at: number;
  closed_at: number | null;
  replied_at: number | null;
  ok: number | null;
  detail: string | null;
  facts: string | null;
}

/** A command as the API shows it. */
export function commandOf(row: CommandRow): ApiCommand {
  const message = command.parse(JSON.parse(row.command));
  const replied = row.replied_at !== null;
  const state = replied ? (row.ok === 1 ? 'done' : 'failed') : row.closed_at === null ? 'waiting' : 'expired';
  return {
    id: row.id,
    campus: row.campus,
    gateway: row.gateway,
    device: row.device,
    kind: row.kind,
    act: message.kind === 'act' ? message.act.do : null,
    by: row.asked_by,
    state,
    sent_at: row.sent_at,
    expires_at: row.expires_at,
    replied_at: row.replied_at,
    detail: row.detail,
    facts: row.facts === null ? {} : (JSON.parse(row.facts) as ApiCommand['facts']),
  };
}
