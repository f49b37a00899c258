import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Frame } from './frame/Frame.tsx';
import { NotHere } from './frame/NotHere.tsx';
import { Progress } from './asking/Answered.tsx';
import { alertsSearch } from './pages/alerts/search.ts';
import { Overview } from './pages/overview/Overview.tsx';

/**
 * Every place of the console. The overview comes with the frame; each other page is loaded when it is first opened.
 * A page reads its own address with `getRouteApi('/…')`.
 */
const root = createRootRoute({ component: Frame, notFoundComponent: NotHere });
const overview = createRoute({ getParentRoute: () => root, path: '/', component: Overview });
const alarms = createRoute({
  getParentRoute: () => root,
  path: '/alarms',
  component: lazyRouteComponent(() => import('./pages/alarms/AlarmsPage.tsx'), 'AlarmsPage'),
});
const alerts = createRoute({
  getParentRoute: () => root,
  path: '/alerts',
  validateSearch: alertsSearch,
  component: lazyRouteComponent(() => import('./pages/alerts/AlertsPage.tsx'), 'AlertsPage'),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings/SettingsPage.tsx'), 'SettingsPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([overview, alarms, alerts, settings]),
  defaultPendingComponent: Progress,
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
