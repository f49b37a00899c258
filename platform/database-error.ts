/**
 * Why a database call failed. `unique` and `constraint`: the statement was refused and nothing of its
 * transaction is stored. `full`, `io`, `corrupt`: the disk. `in-use`: another process has the file open.
 * `closed`: the file or its worker is gone. `busy`: too many calls wait. `parameter`, `sql`: our own mistake.
 */
export type DatabaseErrorCode =
  'unique' | 'constraint' | 'full' | 'io' | 'corrupt' | 'in-use' | 'closed' | 'busy' | 'parameter' | 'sql';

export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly code: DatabaseErrorCode;

  constructor(code: DatabaseErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
