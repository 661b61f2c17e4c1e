import type { AlertAnswer, QueuedAlert } from '../../wire/alert.ts';
import { useAlert, useMay } from '../queries.ts';
import { Failed, Loading } from '../signs/States.tsx';
import { Actions } from './Actions.tsx';
import { Deliveries } from './Deliveries.tsx';
import { Evidence } from './Evidence.tsx';
import { History } from './History.tsx';
import classes from './hand.module.css';
import { PlanSteps } from './PlanSteps.tsx';
import { Reason } from './Reason.tsx';

type Props = { id: string; row: QueuedAlert | undefined };

/** The alert in hand: why, on what evidence, who was told, and what to do now. */
export function Hand({ id, row }: Props) {
  const answer = useAlert(id);
  const mayAct = useMay('alert.act');
  const alert = answer.data?.alert ?? row;
  return (
    <>
      <div className={classes.scroll}>
        {alert && <Reason alert={alert} />}
        {answer.error && (
          <div className={classes.failed}>
            <Failed error={answer.error} retry={() => void answer.refetch()} />
          </div>
        )}
        {answer.data ? <Details answer={answer.data} /> : !answer.error && <Loading rows={4} />}
      </div>
      {mayAct && alert && <Actions alert={alert} />}
    </>
  );
}

function Details({ answer }: { answer: AlertAnswer }) {
  const { alert, events, occurrences, notices, deliveries } = answer;
  return (
    <>
      <Evidence alert={alert} occurrences={occurrences} />
      <PlanSteps alert={alert} />
      <History events={events} />
      <Deliveries notices={notices} deliveries={deliveries} />
    </>
  );
}
