import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { prefer, usePreferences } from '../preferences.ts';
import { allowSound, soundBlocked } from '../sound.ts';
import { useWords } from '../words/speak.ts';
import classes from './frame.module.css';
import { link } from './useLive.ts';

/** Browsers take a moment to let a page sound; only what stays blocked is worth a red banner. */
const BLOCKED_FOR_MS = 600;

/** What keeps an operator from hearing or seeing alerts comes before everything else. */
export function Banners({ sounding }: { sounding: boolean }) {
  const { t } = useWords();
  const lost = link.use() === 'lost';
  const blocked = useStays(soundBlocked.use() && sounding, BLOCKED_FOR_MS);
  const muted = usePreferences().volume === 0 && sounding;
  return (
    <>
      {lost && (
        <div className={classes.banner} role="alert">
          {t('frame.lost')}
        </div>
      )}
      {blocked && (
        <div className={classes.banner} role="alert">
          {t('sound.blocked')}
          <Button size="xs" variant="white" color="dark" onClick={allowSound}>
            {t('sound.allow')}
          </Button>
        </div>
      )}
      {muted && !blocked && (
        <div className={classes.warning} role="status">
          {t('sound.muted')}
          <Button size="xs" variant="default" onClick={() => prefer({ volume: 70 })}>
            {t('sound.unmute')}
          </Button>
        </div>
      )}
    </>
  );
}

/** True once `now` has been true without a break for so long. */
function useStays(now: boolean, forMs: number): boolean {
  const [stayed, setStayed] = useState(false);
  useEffect(() => {
    if (!now) return setStayed(false);
    const timer = setTimeout(() => setStayed(true), forMs);
    return () => clearTimeout(timer);
  }, [now, forMs]);
  return stayed;
}
