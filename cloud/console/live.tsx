import { createContext, type ReactNode, use, useSyncExternalStore } from 'react';
import type { ApiSession } from '#protocols/api-access.ts';
import type { ServerClock } from './feed/server-clock.ts';
import type { Store, View } from './feed/store.ts';
import { isFresh } from './reading/states.ts';
import { useNow } from './use-now.ts';

interface Source {
  store: Store;
  clock: ServerClock;
  /** Null while the cloud has not said. */
  who: ApiSession['who'];
}

const LiveContext = createContext<Source | null>(null);

export function LiveProvider({ source, children }: { source: Source; children: ReactNode }) {
  return <LiveContext value={source}>{children}</LiveContext>;
}

function useSource(): Source {
  const source = use(LiveContext);
  if (source === null) throw new Error('this part stands outside of the live page');
  return source;
}

/** All that is live, for every page: what the cloud told, how late it is, and who looks. */
export interface Live {
  view: View;
  /** UTC ms by the browser's clock, renewed every second: in it are the view's own times. */
  browserNow: number;
  /** UTC ms by the server's clock: in it is all that the API tells. */
  now: number;
  /** False: the page has not heard from the cloud for so long that it no longer knows how things are. */
  fresh: boolean;
  who: ApiSession['who'];
}

export function useLive(): Live {
  const { store, clock, who } = useSource();
  const view = useSyncExternalStore(store.subscribe, store.get);
  const browserNow = useNow();
  return { view, browserNow, now: clock.at(browserNow), fresh: isFresh(view, browserNow), who };
}

/** Who looks, for parts that show nothing live. */
export function useWho(): ApiSession['who'] {
  return useSource().who;
}
