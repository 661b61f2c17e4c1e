import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import * as z from 'zod';
import { DeskPage } from './desk/DeskPage.tsx';
import { lists } from './desk/lists.ts';
import { Frame } from './frame/Frame.tsx';
import { LogIn } from './frame/LogIn.tsx';
import { Nowhere } from './frame/Nowhere.tsx';

const deskSearch = z.object({
  alert: z.string().optional().catch(undefined),
  list: z.enum(lists).optional().catch(undefined),
});

const root = createRootRoute({ component: Frame, notFoundComponent: Nowhere });
const getParentRoute = () => root;

/** The desk comes with the first load; every other page when it is asked for. */
const routeTree = root.addChildren([
  createRoute({ getParentRoute, path: '/login', component: LogIn }),
  createRoute({
    getParentRoute,
    path: '/',
    component: DeskPage,
    validateSearch: (search) => deskSearch.parse(search),
  }),
  createRoute({
    getParentRoute,
    path: '/households',
    component: lazyRouteComponent(() => import('./household/HouseholdsPage.tsx'), 'HouseholdsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/households/$id',
    component: lazyRouteComponent(() => import('./household/HouseholdPage.tsx'), 'HouseholdPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/register',
    component: lazyRouteComponent(() => import('./register/RegisterPage.tsx'), 'RegisterPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/settings',
    component: lazyRouteComponent(() => import('./settings/SettingsPage.tsx'), 'SettingsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/system',
    component: lazyRouteComponent(() => import('./settings/SystemPage.tsx'), 'SystemPage'),
  }),
]);

export const router = createRouter({ routeTree, defaultPreload: 'intent', scrollRestoration: true });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
