import { Button, Kbd, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type AlertState, REOPEN_WITHIN_MS } from '../../../domain/alert.ts';
import type { QueuedAlert } from '../../wire/alert.ts';
import { useNow } from '../clock.ts';
import { Icon } from '../signs/Icon.tsx';
import { useWords } from '../words/speak.ts';
import { CloseDialog } from './CloseDialog.tsx';
import classes from './hand.module.css';
import { useAct } from './useAct.ts';
import { useKeys } from './useKeys.ts';

/** What the operator most likely does next, by the state of the alert. */
const next: Record<AlertState, 'take' | 'attend' | 'close' | null> = {
  open: 'take',
  taken: 'attend',
  attended: 'close',
  closed: null,
};

/** Take, attend, close: within reach, and only while they mean something. */
export function Actions({ alert }: { alert: QueuedAlert }) {
  const { t } = useWords();
  const act = useAct();
  const [closing, setClosing] = useState(false);
  const can = { take: alert.state === 'open', attend: alert.state === 'open' || alert.state === 'taken' };
  const closed = alert.state === 'closed';
  const likely = next[alert.state];
  const take = (): void => act.mutate({ alert, action: { kind: 'take' } });
  const attend = (): void => act.mutate({ alert, action: { kind: 'attend' } });
  useKeys({
    t: () => can.take && take(),
    a: () => can.attend && attend(),
    c: () => !closed && setClosing(true),
  });
  const shared = (deed: 'take' | 'attend' | 'close') => ({
    size: 'lg' as const,
    variant: likely === deed ? 'filled' : 'default',
    rightSection: <Kbd className={classes.key ?? ''}>{t(`act.key.${deed}`)}</Kbd>,
    'data-likely': likely === deed || undefined,
  });
  return (
    <footer className={classes.actions}>
      <Comment alert={alert} />
      {closed ? (
        <Reopen alert={alert} />
      ) : (
        <div className={classes.deeds}>
          <Button {...shared('take')} disabled={!can.take} loading={act.isPending} onClick={take}>
            {t('act.take')}
          </Button>
          <Button {...shared('attend')} disabled={!can.attend} loading={act.isPending} onClick={attend}>
            {t('act.attend')}
          </Button>
          <Button {...shared('close')} loading={act.isPending} onClick={() => setClosing(true)}>
            {t('act.close')}
          </Button>
        </div>
      )}
      <CloseDialog
        opened={closing}
        onCancel={() => setClosing(false)}
        onClose={(disposition, text) => {
          setClosing(false);
          act.mutate({ alert, action: { kind: 'close', disposition, text } });
        }}
      />
    </footer>
  );
}

function Reopen({ alert }: { alert: QueuedAlert }) {
  const { t } = useWords();
  const act = useAct();
  const now = useNow();
  if (alert.closedAt === null || now - alert.closedAt > REOPEN_WITHIN_MS) return null;
  return (
    <Button
      size="lg"
      variant="default"
      fullWidth
      loading={act.isPending}
      onClick={() => act.mutate({ alert, action: { kind: 'reopen', text: '' } })}
    >
      {t('act.reopen')}
    </Button>
  );
}

function Comment({ alert }: { alert: QueuedAlert }) {
  const { t } = useWords();
  const act = useAct();
  const [text, setText] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === '') return;
    act.mutate({ alert, action: { kind: 'comment', text: text.trim() } }, { onSuccess: () => setText('') });
  };
  return (
    <form onSubmit={submit} className={classes.comment}>
      <TextInput
        aria-label={t('act.comment')}
        placeholder={t('act.commentHint')}
        leftSection={<Icon name="comment" />}
        maxLength={2_000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {text.trim() !== '' && (
        <Button type="submit" variant="default" loading={act.isPending}>
          {t('act.comment')}
        </Button>
      )}
    </form>
  );
}
