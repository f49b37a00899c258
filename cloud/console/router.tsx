import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Frame } from './frame/Frame.tsx';
import { NotHere } from './frame/NotHere.tsx';
import { Progress } from './asking/Answered.tsx';
import { alertsSearch } from './pages/alerts/search.ts';
import { citySearch, fourHundredSearch } from './pages/four-hundred/search.ts';
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
const city = createRoute({
  getParentRoute: () => root,
  path: '/city',
  validateSearch: citySearch,
  component: lazyRouteComponent(() => import('./pages/city/CityPage.tsx'), 'CityPage'),
});
const fourHundred = createRoute({
  getParentRoute: () => root,
  path: '/four-hundred',
  validateSearch: fourHundredSearch,
  component: lazyRouteComponent(() => import('./pages/four-hundred/FourHundredPage.tsx'), 'FourHundredPage'),
});
const drills = createRoute({
  getParentRoute: () => root,
  path: '/drills',
  component: lazyRouteComponent(() => import('./pages/drills/DrillsPage.tsx'), 'DrillsPage'),
});
const reports = createRoute({
  getParentRoute: () => root,
  path: '/reports',
  component: lazyRouteComponent(() => import('./pages/reports/ReportsPage.tsx'), 'ReportsPage'),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings/SettingsPage.tsx'), 'SettingsPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([overview, alarms, alerts, city, fourHundred, drills, reports, settings]),
  defaultPendingComponent: Progress,
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
