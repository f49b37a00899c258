import { type Right, type Role, rightsOf } from '#protocols/api-access.ts';

/** Who asks. Nothing is done for anybody who is not one of these. */
export interface Principal {
  kind: 'person' | 'token' | 'local' | 'open';
  /** What acts are logged under. */
  name: string;
  username: string | null;
  role: Role | null;
  rights: readonly Right[];
  /** Null: all. */
  campuses: readonly string[] | null;
}

/** Who holds the token in the data directory: whoever may read that file could do everything anyway. */
export const local: Principal = {
  kind: 'local',
  name: 'local token',
  username: null,
  role: null,
  rights: rightsOf.city_admin,
  campuses: null,
};

/** Before anybody has an account: this machine may read, and nothing else. */
export const open: Principal = {
  kind: 'open',
  name: 'nobody (before the set-up)',
  username: null,
  role: null,
  rights: ['view', 'pictures', 'cards', 'audit'],
  campuses: null,
};

export function sees({ campuses }: Principal, campus: string | null | undefined): boolean {
  return campuses === null || (campus != null && campuses.includes(campus));
}
