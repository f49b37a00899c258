import { type ApiAccount, rightsOf } from '#protocols/api-access.ts';
import type { Principal } from './principal.ts';

type Rank = Pick<ApiAccount, 'role' | 'campuses'>;

/** Who administers all campuses may make any account, their own kind included. */
export function administersAll({ rights, campuses }: Principal): boolean {
  return rights.includes('administer') && campuses === null;
}

/**
 * Whether somebody looks after an account of this role and these campuses. Anybody but who administers everything looks
 * after lower roles on their own campuses alone: neither they nor anybody whom they make comes to a right, or to a campus,
 * that they do not have themselves.
 */
export function manages(who: Principal, { role, campuses }: Rank): boolean {
  if (administersAll(who)) return true;
  if (!who.rights.includes('accounts') || role === who.role) return false;
  if (!rightsOf[role].every((right) => who.rights.includes(right))) return false;
  if (who.campuses === null) return true;
  return campuses !== null && campuses.length > 0 && campuses.every((one) => who.campuses!.includes(one));
}
