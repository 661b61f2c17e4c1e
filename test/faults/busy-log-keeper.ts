import { failureOf } from '../../store/failure.ts';
import { openLogKeeper } from '../../store/log-keeper.ts';

/** The log keeper of a database, beginning its log anew each megabyte: so that a short recording has in it what a day's would. */
const EVERY_MS = 50;
const keeper = openLogKeeper(process.argv[2] ?? '', 1_048_576);
setInterval(() => {
  try {
    keeper.tend();
  } catch (error) {
    if (failureOf(error) === 'lost') throw error;
  }
}, EVERY_MS);
