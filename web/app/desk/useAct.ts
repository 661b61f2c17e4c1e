import { useMutation } from '@tanstack/react-query';
import type { AlertAction } from '../../../domain/alert.ts';
import type { AlertAnswer, QueuedAlert } from '../../wire/alert.ts';
import { ApiError, api } from '../api.ts';
import { tell } from '../frame/toast.ts';
import { queries, useMe } from '../queries.ts';
import { useErrorWords } from '../signs/States.tsx';
import { type Say, useWords } from '../words/speak.ts';

type Deed = { readonly alert: QueuedAlert; readonly action: AlertAction };

/** A change names the version that the operator saw. When it is refused as things stand, what now stands is fetched. */
async function act({ alert, action }: Deed): Promise<QueuedAlert> {
  const done = await api.act(alert.id, { version: alert.version, action }).catch(conflict);
  if (done) return done.alert;
  throw new Quicker((await api.alert(alert.id)).alert);
}

/** Somebody was quicker: the alert as it now is. */
class Quicker extends Error {
  readonly alert: QueuedAlert;
  constructor(alert: QueuedAlert) {
    super('the alert has changed');
    this.alert = alert;
  }
}

function conflict(error: unknown): null {
  if (error instanceof ApiError && error.status === 409) return null;
  throw error;
}

function quickerWords({ state, takenByName }: QueuedAlert, t: Say): string {
  const name = takenByName ?? t('desk.somebody');
  if (state === 'closed') return t('act.closedBy', { name });
  if (state === 'open') return t('act.changed');
  return t('act.hasIt', { name });
}

export function useAct() {
  const { t } = useWords();
  const words = useErrorWords();
  const me = useMe();
  const mutation = useMutation({
    mutationFn: act,
    onSuccess: (alert, { action }) => {
      remember(alert);
      switch (action.kind) {
        case 'close':
          return tell(t('act.closed'), {
            label: t('act.undo'),
            run: () => mutation.mutate({ alert, action: { kind: 'reopen', text: '' } }),
          });
        case 'take':
        case 'attend':
        case 'reopen':
        case 'comment':
          return tell(t(`act.done.${action.kind}`));
        default:
          return action satisfies never;
      }
    },
    onError: (error) => {
      if (!(error instanceof Quicker)) return tell(words(error));
      remember(error.alert);
      tell(
        error.alert.takenBy === me.id && error.alert.state !== 'closed'
          ? t('act.changed')
          : quickerWords(error.alert, t),
      );
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['alerts'] }),
  });
  return mutation;
}

/** The server's 200 is final: what it answered stands on the screen before the queue is fetched again. */
function remember(alert: QueuedAlert): void {
  queries.setQueryData<AlertAnswer>(['alerts', 'one', alert.id], (before) => before && { ...before, alert });
}
