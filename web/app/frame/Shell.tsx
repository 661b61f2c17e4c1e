import { ActionIcon, Menu, Popover, Stack, Tooltip } from '@mantine/core';
import { Link, useNavigate, useRouterState } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import type { User } from '../../../domain/user.ts';
import type { QueuedAlert } from '../../wire/alert.ts';
import { api } from '../api.ts';
import { usePreferences } from '../preferences.ts';
import { queries, roleMay, useMe, useQueue } from '../queries.ts';
import { Icon } from '../signs/Icon.tsx';
import { useWords } from '../words/speak.ts';
import { Announcer } from './Announcer.tsx';
import { Banners } from './Banners.tsx';
import { Brand } from './Brand.tsx';
import classes from './frame.module.css';
import { LanguageSwitch } from './LanguageSwitch.tsx';
import { Navigation } from './Navigation.tsx';
import { SoundControl } from './SoundControl.tsx';
import { Strip } from './Strip.tsx';
import { ThemeSwitch } from './ThemeSwitch.tsx';
import { Toasts } from './Toasts.tsx';
import { useAlarm } from './useAlarm.ts';
import { useArrivals } from './useArrivals.ts';
import { link, useLive } from './useLive.ts';

const nothing: readonly QueuedAlert[] = [];

/** What stands around every page: where one is, what waits, whether the server is there, and the sound. */
export function Shell({ children }: { children: ReactNode }) {
  const { t } = useWords();
  const me = useMe();
  const queue = useQueue('unclosed', roleMay(me.role, 'alert.see')).data;
  const alerts = queue?.alerts ?? nothing;
  const sounding = roleMay(me.role, 'alert.act');
  const atQueue = useRouterState({
    select: ({ location: { pathname, search } }) => pathname === '/' && (search.list ?? 'unclosed') === 'unclosed',
  });
  const arrivals = useArrivals(queue?.alerts);
  useLive();
  useAlarm(alerts, arrivals, sounding);
  const open = alerts.filter(({ state }) => state === 'open').length;
  useEffect(() => {
    document.title = open > 0 ? t('frame.titleOpen', { n: open }) : t('frame.name');
  }, [open, t]);
  return (
    <div className={classes.frame}>
      <a href="#page" className={classes.skip}>
        {t('frame.skip')}
      </a>
      <header className={classes.header}>
        <Link to="/" className={classes.home ?? ''}>
          <Brand />
        </Link>
        <Navigation me={me} where="bar" />
        <LinkState />
        {sounding && <SoundButton />}
        <UserMenu me={me} />
      </header>
      <Banners sounding={sounding} />
      {!atQueue && me.role !== 'family' && <Strip alerts={alerts} />}
      <main id="page" className={classes.page} tabIndex={-1}>
        {children}
      </main>
      <Navigation me={me} where="tabs" />
      <Announcer arrivals={arrivals} />
      <Toasts />
    </div>
  );
}

function LinkState() {
  const { t } = useWords();
  const state = link.use();
  return (
    <span className={classes.link} data-link={state}>
      {t(`link.${state}`)}
    </span>
  );
}

function SoundButton() {
  const { t } = useWords();
  const { volume } = usePreferences();
  return (
    <Popover position="bottom-end" shadow="md" trapFocus>
      <Popover.Target>
        <Tooltip label={t('sound.label')}>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('sound.label')}>
            <Icon name={volume === 0 ? 'bellOff' : 'bell'} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown w="var(--sw-narrow)" maw="95vw">
        <SoundControl />
      </Popover.Dropdown>
    </Popover>
  );
}

function UserMenu({ me }: { me: User }) {
  const { t } = useWords();
  const navigate = useNavigate();
  const logOut = async (): Promise<void> => {
    await api.logOut();
    await navigate({ to: '/login' });
    queries.clear();
  };
  return (
    <Menu position="bottom-end" shadow="md" width="var(--sw-narrow)">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('frame.me')}>
          <Icon name="user" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('frame.loggedInAs', { name: me.name, role: t(`role.${me.role}`) })}</Menu.Label>
        <Stack gap="xs" p="xs">
          <LanguageSwitch />
          <ThemeSwitch />
        </Stack>
        <Menu.Divider />
        <Menu.Item component={Link} to="/settings">
          {t('nav.settings')}
        </Menu.Item>
        {roleMay(me.role, 'system.see') && (
          <Menu.Item component={Link} to="/system">
            {t('nav.system')}
          </Menu.Item>
        )}
        <Menu.Item onClick={() => void logOut()}>{t('frame.logOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
