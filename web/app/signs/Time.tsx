import { useNow } from '../clock.ts';
import { countdown, exactly, roughly, whenShort } from '../times.ts';
import { useWords } from '../words/speak.ts';
import { type Deadline, left } from './deadline.ts';
import classes from './signs.module.css';

type Moment = { at: number; zone?: string | undefined };

/** How long ago, counting by itself. */
export function Age({ at, zone }: Moment) {
  const { t, language } = useWords();
  const { n, unit } = roughly(useNow() - at);
  return (
    <time className={classes.age} dateTime={new Date(at).toISOString()} title={exactly(at, language, zone)}>
      {t(`time.ago.${unit}`, { n })}
    </time>
  );
}

/** `02:10 · 40 秒前`. */
export function When({ at, zone }: Moment) {
  const { t, language } = useWords();
  const now = useNow();
  const { n, unit } = roughly(now - at);
  return (
    <time className={classes.age} dateTime={new Date(at).toISOString()} title={exactly(at, language, zone)}>
      {whenShort(at, now, language, zone)} · {t(`time.ago.${unit}`, { n })}
    </time>
  );
}

/** The time of day alone, for rows of a list in the order of time. */
export function Clock({ at, zone }: Moment) {
  const { language } = useWords();
  return (
    <time className={classes.age} dateTime={new Date(at).toISOString()} title={exactly(at, language, zone)}>
      {whenShort(at, useNow(), language, zone)}
    </time>
  );
}

/** A bar that empties, with what is left in figures. */
export function DeadlineBar({ deadline, wide = false }: { deadline: Deadline; wide?: boolean }) {
  const { t } = useWords();
  const now = useNow();
  const share = left(deadline, now);
  const over = now >= deadline.to;
  return (
    <span
      className={classes.deadline}
      data-wide={wide || undefined}
      data-near={(share < 0.34 && !over) || undefined}
      data-over={over || deadline.late || undefined}
    >
      <span className={classes.track} aria-hidden>
        <span className={classes.fill} style={{ display: 'block', transform: `scaleX(${share})` }} />
      </span>
      {over ? t('time.over') : countdown(deadline.to - now)}
    </span>
  );
}
