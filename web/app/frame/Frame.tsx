import { Container, Loader } from '@mantine/core';
import { Navigate, Outlet, useRouterState } from '@tanstack/react-router';
import { useSession } from '../queries.ts';
import { Failed } from '../signs/States.tsx';
import { useWords } from '../words/speak.ts';
import classes from './frame.module.css';
import { Shell } from './Shell.tsx';

/** Nobody sees a page before we know who they are. */
export function Frame() {
  const { t } = useWords();
  const session = useSession();
  const path = useRouterState({ select: (state) => state.location.pathname });
  if (path === '/login') return <Outlet />;
  if (session.isPending) {
    return (
      <div className={classes.waiting} role="status" aria-label={t('state.loading')}>
        <Loader color="gray" type="dots" />
      </div>
    );
  }
  if (!session.data) {
    return (
      <Container size="xs" py="xl">
        <Failed error={session.error ?? new Error()} retry={() => void session.refetch()} />
      </Container>
    );
  }
  if (!session.data.loggedIn) return <Navigate to="/login" replace />;
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}
